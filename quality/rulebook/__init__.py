"""Regions' own rules of rounds, calendar and forms, as versions that people enter."""
