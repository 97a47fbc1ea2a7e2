"""Real processes around a small town: engines, senders, serve, and phones that ring."""
