"""What a case looks like from outside; other packages read these, never the tables."""
