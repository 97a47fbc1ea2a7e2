"""What a long run says on its way."""

import sys


def say(line: str) -> None:
    """For people, at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
