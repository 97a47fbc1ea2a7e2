"""CTG at scale: what a sample costs and how late it is, beside what else could carry it."""
