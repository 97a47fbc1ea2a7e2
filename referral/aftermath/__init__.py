"""After the case: feedback read, deaths reviewed, near-misses confirmed."""
