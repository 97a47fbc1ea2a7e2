"""Stories told in a real browser against the real thing, started like people start it."""
