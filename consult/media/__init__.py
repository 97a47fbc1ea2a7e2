"""Rooms with sound and pictures: one interface, three engines.

`engine.py` says what an engine does. `forward/` is ours (packets are forwarded, never decoded),
`janus/` and `livekit/` speak to engines of others. `tests/consult/media/test_conformance.py` holds
those that carry media in tests to the same behaviour, LiveKit's contract the third.
"""
