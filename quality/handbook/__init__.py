"""The handbook of indicators: every version of every definition, shipped or entered."""
