"""Rooms with sound and pictures."""
