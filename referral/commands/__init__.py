"""What can be asked of a case: one struct per command, used by routes and service alike."""
