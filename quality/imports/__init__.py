"""Data of other systems without retyping: files are checked row by row, tried dry, then taken."""
