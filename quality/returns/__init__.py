"""Forms that are handed in: values pulled from the system, the rest stated by name, then locked."""
