"""What a child that reads foreign bytes may use."""

import resource
import signal

ADDRESS_SPACE = 608 * 2**20
"""Bytes. Libraries alone map 300 MB; a 400 kB deflated file was seen to want 850 MB."""

CPU_S = 10
WALL_S = 15.0
ANSWER_BYTES = 96 * 2**20
OPEN_FILES = 32

FILE_BYTES = 128 * 10**6
"""The largest file that is taken in."""

PIXEL_BYTES = 256 * 2**20
"""Rows x columns x frames x samples x bytes beyond which nothing is decoded."""

UID_PATTERN = r"[0-9.]{1,64}"
"""PS3.5 §9.1."""


def confine() -> None:
    """Give up everything that reading one file does not need; for good."""
    signal.alarm(int(WALL_S))
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
