"""Rosters: groups, slots, shifts, and who is on call at a moment."""
