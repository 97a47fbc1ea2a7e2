"""Rooms on a LiveKit server: its access tokens and its RoomService."""
