"""The registry of monitors and agents: registered, renamed, their tokens rotated and revoked."""
