"""LiveKit's engine against the contract of its RoomService."""
