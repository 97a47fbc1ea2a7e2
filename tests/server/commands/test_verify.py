"""`yunshang verify` as a program: words, last line, exit status."""

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from kernel.chain.checkpoint import ChainCheckpointer, CheckpointFile
from kernel.chain.signing import Signer
from tests.fixtures.database import Clone
from tests.kernel.chain.story import add_events, doctor, open_case


async def run(clone: Clone, place: Path, *arguments: str, url: str = "") -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    environment = {
        "PATH": os.environ["PATH"],
        "YUNSHANG_SYSTEM_DATABASE_URL": url or clone.system_url,
        "YUNSHANG_DATA_DIR": str(place),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.cli",
        "verify",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


@pytest.fixture
async def signed(database: Clone, tmp_path: Path) -> Path:
    """The data directory of an installation with one signed case."""
    viewer = doctor()
    async with database.app.session(viewer) as session:
        await add_events(session, await open_case(session, viewer), viewer, 3)
    file = CheckpointFile(tmp_path / "checkpoints.jsonl")
    await ChainCheckpointer(database.system, Signer.load_or_create(tmp_path), file).sign()
    return tmp_path


async def test_good_data_then_a_tampered_copy(database: Clone, signed: Path) -> None:
    status, out, _ = await run(database, signed, "--export", str(signed / "export.jsonl"))
    *words, last = out.strip().splitlines()
    assert (status, json.loads(last)["chain"], json.loads(last)["events"]) == (0, "ok", 4)
    assert words[-1].startswith("ok: 4 events of 1 cases")
    offline = ("--offline", str(signed / "export.jsonl"))
    assert (await run(database, signed, *offline))[0] == 0

    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute("ALTER TABLE case_event DISABLE TRIGGER ALL")
    await connection.execute("UPDATE case_event SET kind = 'leg.departed' WHERE seq = 3")
    await connection.close()
    status, out, _ = await run(database, signed)
    *words, last = out.strip().splitlines()
    assert (status, json.loads(last)["chain"]) == (1, "tampered")
    assert {place["code"] for place in json.loads(last)["places"]} == {
        "guard_off",
        "event_changed",
    }
    assert any("event 3: content" in line for line in words)


async def test_what_cannot_be_read_is_one_line(database: Clone, signed: Path) -> None:
    (signed / "other.pub").write_text("nonsense")
    for arguments, url, words in (
        ((), "postgresql://nobody@/none?host=/nonexistent", "does not answer"),
        (("--offline", "/nonexistent"), "", "there is no export"),
        (("--public-key", str(signed / "other.pub")), "", "does not hold a public key"),
    ):
        status, _, errors = await run(database, signed, *arguments, url=url)
        assert (status, errors.count("\n")) == (2, 1), errors
        assert words in errors
