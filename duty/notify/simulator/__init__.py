"""Providers that do not exist: the same interfaces over real HTTP, for the demo and for tests."""
