"""What is kept of packets."""
