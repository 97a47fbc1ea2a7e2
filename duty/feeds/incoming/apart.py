"""Reads a foreign file in a process of its own: whatever it costs, the API pays nothing."""

import asyncio
import contextlib
import sys

import msgspec

from duty.feeds.errors import FileUnreadable
from duty.feeds.incoming.reading import Reading, Wanted

MODULE = "duty.feeds.incoming.child"
PATIENCE_S = 20.0
AT_ONCE = asyncio.Semaphore(2)
"""More readers than this wait: nobody imports in an emergency."""


class _Answer(msgspec.Struct, frozen=True):
    entries: msgspec.Raw = msgspec.Raw(b"[]")
    troubles: msgspec.Raw = msgspec.Raw(b"[]")
    unreadable: str | None = None


async def read(content: bytes, wanted: Wanted, patience_s: float = PATIENCE_S) -> Reading:
    """What the file says.

    Raises:
        FileUnreadable: with `too_big`, `not_excel`, `not_ical`, `no_heading`, `too_many`, or
            `too_much_work` if it took more time or memory than a roster can need.
    """
    async with AT_ONCE:
        written = await _asked(msgspec.json.encode(wanted) + b"\n" + content, patience_s)
    answer = msgspec.json.decode(written, type=_Answer)
    if answer.unreadable is not None:
        raise FileUnreadable(reason=answer.unreadable)
    return msgspec.json.decode(written, type=Reading)


async def _asked(source: bytes, patience_s: float) -> bytes:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", MODULE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        async with asyncio.timeout(patience_s):
            written, _ = await child.communicate(source)
    except TimeoutError as error:
        raise FileUnreadable(reason="too_much_work") from error
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise FileUnreadable(reason="too_much_work")
    return written
