"""Rooms on a Janus gateway: its VideoRoom plugin, spoken to over its WebSocket API."""
