"""Times the wall in a real browser."""
