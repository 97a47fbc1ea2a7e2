"""`python -m tests.live.entry NAME`: a process of the platform with its phones on this machine."""

import sys

from server.cli import main
from tests.live.loopback import allow_loopback

if __name__ == "__main__":
    allow_loopback()
    sys.argv[0] = "yunshang"
    main()
