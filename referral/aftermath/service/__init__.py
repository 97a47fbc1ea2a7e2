"""Verbs of what follows a case."""
