"""The book of policies: what is in force where, what a ladder would do, new versions."""
