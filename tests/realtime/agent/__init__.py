"""What a centre installs."""
