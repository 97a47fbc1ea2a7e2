"""Who carries messages out of the house: the operator's contracts, their limits, their words."""
