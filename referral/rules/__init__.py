"""Pure rules of a transfer: facts in, answers out; no database, no clock, no framework."""
