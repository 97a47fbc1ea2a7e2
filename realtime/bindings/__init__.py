"""Whose tracing it is: bound by wristband, from a list or from a case; every word of it is kept."""
