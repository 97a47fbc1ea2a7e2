"""Our engine: packets are forwarded as they came, never decoded."""
