"""`python -m tests.live.entry NAME`: a process of the platform whose phones stand on this machine.

The same command that people run, except that endpoints may be on the loopback address.
"""

import sys

from duty.notify.channels import webhook
from server.cli import main
from tests.live.town import LOOPBACK


def allow_loopback() -> None:
    """The one difference."""
    webhook.WebhookChannel.__init__.__kwdefaults__["rules"] = LOOPBACK


if __name__ == "__main__":
    allow_loopback()
    sys.argv[0] = "yunshang"
    main()
