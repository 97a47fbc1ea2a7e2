"""Frozen periods: closed figures stay; what is entered later shows as a difference."""
