"""What was said and shown, kept as it came: packets to frames to Matroska, nothing decoded.

`frames` puts packets together, `matroska` writes them, `shelf` is where sealed files lie. Who may
be recorded is decided by people and told to a worker; see `consult.rooms.recording`.
"""
