"""One file a kind of device: its decoder, and a voice that says the same bytes for trying out."""
