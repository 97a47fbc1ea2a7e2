"""Paper at the edge: what may be printed of a case, and the door for checking a code."""
