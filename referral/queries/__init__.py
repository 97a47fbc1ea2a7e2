"""Reads: the board, one case, the catalogue. No command in here."""
