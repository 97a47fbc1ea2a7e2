"""How fast a transfer's transitions are, and how far from the same rows written plainly."""
