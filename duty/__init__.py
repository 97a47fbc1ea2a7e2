"""Reach the right person in time: rosters, escalation, notification."""
