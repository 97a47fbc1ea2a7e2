"""Commands on case files: verbs, one transaction each, at least one event on the file's chain."""
