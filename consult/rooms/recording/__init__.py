"""Recordings of rooms: asked for in the room, agreed to by each for themselves, kept, looked at.

What is written is the media worker's (`consult.media.forward.recorder`); here is who agreed, what
was kept and who looked at it.
"""
