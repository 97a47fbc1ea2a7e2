"""The HTTP of transfers: coded refusals, keys, versions; nothing written when refused."""
