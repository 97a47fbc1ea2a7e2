"""Within how many minutes a tracing is read: versions of a house, a region, the platform.

A reading is held to what the centre that reads has in force when it is asked: its own version, else
its nearest region's, else the platform's. It keeps that version, whatever is written later.
"""
