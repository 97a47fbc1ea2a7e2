"""`make bench-indicators`: a province's year, all indicators, beside DuckDB."""
