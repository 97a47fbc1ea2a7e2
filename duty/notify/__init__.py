"""Delivery: the personal inbox, channels, and what became of each message."""
