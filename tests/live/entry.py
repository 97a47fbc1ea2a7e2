"""`python -m tests.live.entry NAME`: a process of the platform whose phones stand on this machine.

The same command that people run, except that endpoints may be on the loopback address.
"""

import sys
from functools import partial

from server import sending
from server.cli import main
from tests.live.town import LOOPBACK


def allow_loopback() -> None:
    """The one difference."""
    sending.WebhookChannel = partial(sending.WebhookChannel, rules=LOOPBACK)


if __name__ == "__main__":
    allow_loopback()
    sys.argv[0] = "yunshang"
    main()
