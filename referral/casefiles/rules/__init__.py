"""Pure rules of a case file: facts in, answers out; no database, no clock, no framework."""
