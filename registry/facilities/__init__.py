"""Where: the region tree, facilities with tiers and dated roles, who answers for which area."""
