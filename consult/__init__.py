"""Help at a distance: advice that is written, signed, read back and executed."""
