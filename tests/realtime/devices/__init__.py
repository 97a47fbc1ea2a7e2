"""The registry of monitors."""
