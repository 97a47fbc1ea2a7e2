"""Scans: taken in, kept sealed, shown and measured beside the case. No PACS, no diagnosis."""
