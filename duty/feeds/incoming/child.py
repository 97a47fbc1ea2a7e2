"""`python -m duty.feeds.incoming.child`: reads one foreign file and exits.

Standard input: a line of JSON (`Wanted`), then the file. Standard output: JSON of a `Reading`, or
`{"unreadable": reason}`. Limits of time and memory are set before the file is touched.
"""

import resource
import sys

import msgspec

from duty.feeds.incoming import ical, sheet
from duty.feeds.incoming.reading import Unreadable, Wanted

CPU_S = 10
MEMORY_BYTES = 2_000_000_000


def answer(source: bytes) -> bytes:
    """What the file says."""
    head, _, content = source.partition(b"\n")
    wanted = msgspec.json.decode(head, type=Wanted)
    read = sheet.read if wanted.kind == "excel" else ical.read
    try:
        return msgspec.json.encode(read(content, wanted))
    except Unreadable as error:
        return msgspec.json.encode({"unreadable": error.reason})


def main() -> None:
    """Read standard input behind limits."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
