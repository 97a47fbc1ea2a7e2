"""What changes a published roster: swaps and substitutes, taking over now."""
