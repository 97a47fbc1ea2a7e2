"""Our engine."""
