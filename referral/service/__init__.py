"""Commands on transfers: verbs, one transaction each, at least one event on the case's chain."""
