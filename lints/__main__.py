"""`python -m lints`: all house rules; exit 1 if one is broken."""

import sys

from lints import commits, names, privacy, sizes

RULES = (commits, names, privacy, sizes)


def main() -> int:
    """Print every complaint; 1 if there is any."""
    complaints = [complaint for rule in RULES for complaint in rule.check()]
    for complaint in complaints:
        sys.stdout.write(complaint + "\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
