"""How long a committed page takes to ring, under load."""
