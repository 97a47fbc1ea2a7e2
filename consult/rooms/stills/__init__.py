"""Stills of rooms: a source stopped at one moment, and what was drawn on it.

The page whose camera, screen or capture card is shown takes the picture from its own track, at full
resolution; where it does not, another page keeps what it received, and that is said. Marks are data
beside the picture, numbered, taken back by a further one, never changed.
"""
