"""High-risk case files (高危专案): one woman, one named owner, one plan, until it is closed."""
