"""Giving back what people who went have left: a worker runs for months, and people come and go."""

import ctypes
import gc
from typing import Final

EVERY_S: Final = 60.0
"""Collecting stops the loop for a moment, so it is not done whenever somebody goes."""


def settle() -> None:
    """What the program itself is made of is never garbage, and need not be looked at again."""
    gc.freeze()


def give_back() -> None:
    """Free what holds itself, and return free pages to the system.

    Collecting by itself is rare where little is made anew, and glibc keeps what is freed below
    the top of its heap: without this, eight people who come and go for ten minutes leave a worker
    a third larger, with no object more in it.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)
