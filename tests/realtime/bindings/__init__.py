"""Whose tracing it is."""
