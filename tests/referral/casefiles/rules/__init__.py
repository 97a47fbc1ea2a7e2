"""Pure rules of case files."""
