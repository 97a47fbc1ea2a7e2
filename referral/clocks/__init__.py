"""Green-channel clocks: condition sets as data, one fold, and a ladder that ends at a name."""
