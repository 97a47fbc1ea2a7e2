"""Paging under kill -9, crashes of PostgreSQL, pauses, silence and wrong clocks."""
