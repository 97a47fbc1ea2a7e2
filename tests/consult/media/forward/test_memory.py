"""What somebody leaves behind is given back."""

import gc
import time
import weakref
from pathlib import Path

from consult.media.forward import memory


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def resident_kib() -> int:
    """Memory of this process that lies in real pages."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_what_holds_itself_is_freed() -> None:
    gc.disable()
    try:
        seen = weakref.ref(Knot())
        assert seen() is not None
        deadline = time.monotonic() + 10
        while seen() is not None and time.monotonic() < deadline:
            memory.give_back()  # does nothing while another thread of this process is collecting
        assert seen() is None
    finally:
        gc.enable()


def test_free_pages_go_back_to_the_system() -> None:
    pieces = [bytes(2_000) for _ in range(20_000)]
    kept = pieces[-1]  # at the top of the heap: what lies below is not returned by itself
    full = resident_kib()
    del pieces
    memory.give_back()
    assert resident_kib() < full - 20_000
    assert len(kept) == 2_000
