"""dcmtk's own programs as the imaging machine: what a foreign implementation sends and is told."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from tests.consult.imaging.scans import scan

TITLE = "MINDRAY-3"
LIN, LI = "LIN^CESHI=林^测试", "LI^SI=李^四"


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and every store status that it was answered."""

    code: int
    output: str

    @property
    def statuses(self) -> list[str]:
        return re.findall(r"Received Store Response \(([^)]*)\)", self.output)


async def run(*command: object, patience_s: float = 60) -> Said:
    """One program, to its end."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(patience_s):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, output.decode(errors="replace"))


async def echo(port: int, *, title: str = TITLE, called: str = "YUNSHANG") -> Said:
    """C-ECHO."""
    return await run("echoscu", "-v", "-to", 5, "-aet", title, "-aec", called, "127.0.0.1", port)


async def store(port: int, *files: Path, title: str = TITLE, options: tuple[str, ...] = ()) -> Said:
    """C-STORE, one association for all files; goes on after a refused file."""
    return await run(
        "storescu", "-v", "-nh", *options, "-aet", title, "-aec", "YUNSHANG", "127.0.0.1", port,
        *files,
    )  # fmt: skip


def written(folder: Path, count: int, **about: object) -> list[Path]:
    """So many files of one examination."""
    made = []
    for n in range(count):
        place = folder / f"{n}.dcm"
        place.write_bytes(scan(grey=n, **about))  # type: ignore[arg-type]
        made.append(place)
    return made
