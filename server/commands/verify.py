"""`yunshang verify`: has anybody changed history?

For people first, one JSON object on the last line; exit status 1 when something was found.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from kernel.chain.checkpoint import Checkpoint
from kernel.chain.export import Export, dump_export, load_export, read_export
from kernel.chain.guards import check_guards
from kernel.chain.signing import KeyUnusable, read_public_keys
from kernel.chain.verify import Finding, Report, verify
from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Viewer
from server.settings import SettingsError

SHOWN = 50
FILE_LOOKS, FILE_LOOK_S = 20, 0.1
"""The engine writes the file right after it commits; a gap of two seconds is not a finding."""

Say = Callable[[str], None]


def verify_database(
    url: str, checkpoints: Path, public_key: Path, say: Say, *, export_to: Path | None = None
) -> int:
    """Check a live database (as yunshang_system) against the file and the key.

    Args:
        url: connection URL of a role that sees all cases.
        checkpoints: the append-only file.
        public_key: PEM file with the trusted public keys.
        say: where the lines go.
        export_to: also write everything that was read to this file, for a check elsewhere.

    Returns:
        The exit status: 0 nothing was changed, 1 something was found.

    Raises:
        SettingsError: the database or the key cannot be read.
    """
    try:
        export, file, guards = asyncio.run(_read(url, checkpoints))
    except Refusal as refusal:
        raise SettingsError(f"the database does not answer ({refusal.code})") from refusal
    if export_to is not None:
        export_to.write_bytes(dump_export(export))
    return _report(export, file, public_key, guards, say)


def verify_export(path: Path, checkpoints: Path, public_key: Path, say: Say) -> int:
    """Check an export file on a machine without the database."""
    content = _content(path)
    if content is None:
        raise SettingsError(f"there is no export {path}")
    export, bad = load_export(content)
    findings = [
        Finding("export_changed", "export", f"line {number} of {path} is not as it was written")
        for number in bad
    ]
    return _report(export, _content(checkpoints), public_key, findings, say)


async def _read(url: str, checkpoints: Path) -> tuple[Export, bytes | None, list[Finding]]:
    before = _content(checkpoints)
    database = Database(url, name="verify", pool_size=1)
    try:
        async with database.session(Viewer.system("verify")) as session:
            export = await read_export(session)
            guards = await check_guards(session)
    finally:
        await database.close()
    last = export.chain_checkpoint[-1].no if export.chain_checkpoint else 0
    for _ in range(FILE_LOOKS):
        after = _content(checkpoints)
        if after is None or _reaches(after, last):
            break
        await asyncio.sleep(FILE_LOOK_S)
    return export, _as_of(before, _content(checkpoints), last), guards


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _reaches(data: bytes, last: int) -> bool:
    """Whether the file's last line reaches checkpoint `last`."""
    lines = data.splitlines()
    try:
        return last == 0 or (bool(lines) and Checkpoint.parse(lines[-1]).no >= last)
    except ValueError:
        return True


def _as_of(before: bytes | None, after: bytes | None, last: int) -> bytes | None:
    """The file without lines that were added after the database was read."""
    if after is None or not after.startswith(before or b""):
        return after
    kept = before or b""
    for line in after[len(kept) :].splitlines(keepends=True):
        if not line.endswith(b"\n") or _beyond(line, last):
            break
        kept += line
    return kept


def _beyond(line: bytes, last: int) -> bool:
    try:
        return Checkpoint.parse(line).no > last
    except ValueError:
        return False


def _report(
    export: Export, file: bytes | None, public_key: Path, more: list[Finding], say: Say
) -> int:
    try:
        keys = read_public_keys(public_key) if public_key.exists() else None
    except KeyUnusable as error:
        raise SettingsError(str(error)) from error
    report = verify(export, checkpoint_file=file, trusted_keys=keys)
    if file is None and export.chain_checkpoint:
        report.add("file_missing", "file", "there is no checkpoint file at the given place")
    report.findings[:0] = more
    for finding in report.findings[:SHOWN]:
        say(f"FOUND {finding.code}: {finding.detail}")
    if len(report.findings) > SHOWN:
        say(f"… and {len(report.findings) - SHOWN} more findings")
    for note in report.notes:
        say(f"note: {note}")
    say(_sentence(report))
    say(json.dumps(_summary(report)))
    return 0 if report.ok else 1


def _sentence(report: Report) -> str:
    newest = report.newest_checkpoint_at
    since = "no checkpoint yet" if newest is None else f"newest {newest:%Y-%m-%d %H:%M:%S} UTC"
    verdict = "ok" if report.ok else f"NOT OK, {len(report.findings)} findings"
    return (
        f"{verdict}: {report.events} events of {report.cases} cases, {report.leaves} in the tree,"
        f" {report.checkpoints} checkpoints ({since}); {report.uncovered} younger events are held"
        " by their case's chain and head only"
    )


def _summary(report: Report) -> dict[str, object]:
    places = [
        {key: str(value) for key, value in asdict(finding).items() if value is not None}
        for finding in report.findings[:SHOWN]
    ]
    newest = report.newest_checkpoint_at
    return {
        "chain": "ok" if report.ok else "tampered",
        "findings": len(report.findings),
        "places": places,
        "cases": report.cases,
        "events": report.events,
        "leaves": report.leaves,
        "checkpoints": report.checkpoints,
        "file_checkpoints": report.file_checkpoints,
        "uncovered": report.uncovered,
        "clock_steps_back": report.clock_steps_back,
        "newest_checkpoint_at": None if newest is None else newest.isoformat(),
        "notes": report.notes,
    }
