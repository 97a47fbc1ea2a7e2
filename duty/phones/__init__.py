"""Whom to telephone when the platform cannot ring: desks and people on call, up the network."""
