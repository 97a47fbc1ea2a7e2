"""Pages: whom to ring, in which order, until a human answers."""
