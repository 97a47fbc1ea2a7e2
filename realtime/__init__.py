"""Streams: CTG from the monitor to the viewer, and the event hub for browsers."""
