"""Reads of case files and special-population lists."""
