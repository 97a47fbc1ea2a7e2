"""`yunshang dicom` killed in the act: what dcmtk was told is kept is there."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import text

from consult.imaging.receiving import machines
from consult.imaging.receiving.schemas import NewMachine
from kernel.blobs import BlobStore
from kernel.sealing import Sealer
from tests.consult.imaging.receiving.machine import LIN, TITLE, echo, store, written
from tests.fixtures.ports import free_port
from tests.referral.network import SEEDER, Network

ROOT = Path(__file__).parents[4]
KEY = b"k" * 32


class Process:
    """The receiver as an operator starts it."""

    def __init__(self, net: Network, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / "log"
        key = folder / "key"
        key.write_bytes(KEY)
        key.chmod(0o600)
        self.store = BlobStore(folder / "blobs", Sealer(KEY), max_bytes=0)
        self._environ = {
            "PATH": os.environ["PATH"],
            "YUNSHANG_SYSTEM_DATABASE_URL": net.clone.system_url,
            "YUNSHANG_SECRET_KEY_FILE": str(key),
            "YUNSHANG_ATTACHMENT_DIR": str(folder / "blobs"),
            "YUNSHANG_DICOM_PORT": str(self.port),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until it answers a C-ECHO."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.cli", "dicom",
                cwd=ROOT, env=self._environ, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(40):
            while (await echo(self.port)).code != 0:
                assert self._process.returncode is None, self._log.read_text()
                await asyncio.sleep(0.1)

    async def end(self, how: signal.Signals) -> int:
        """Send it a signal; its exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        async with asyncio.timeout(20):
            return await self._process.wait()

    def said(self) -> str:
        return self._log.read_text()


async def _kept(net: Network) -> dict[str, bytes]:
    asked = text("SELECT sop_uid, sha256 FROM imaging_arrived_file")
    async with net.clone.system.session(SEEDER) as session:
        return {uid: bytes(digest) for uid, digest in await session.execute(asked)}


async def _some(net: Network, more_than: int) -> None:
    async with asyncio.timeout(20):
        while await net.count("imaging_arrived_file") <= more_than:
            await asyncio.sleep(0.02)


async def test_what_was_acknowledged_survives_a_kill(net: Network, tmp_path: Path) -> None:
    admin = net.staff["admin"]
    order = NewMachine(
        ae_title=TITLE, name="超声", networks=["127.0.0.1"], facility_id=net.places["county"]
    )
    async with net.clone.app.session(admin) as session:
        await machines.register(session, net.clock, admin, order)
    process = Process(net, tmp_path)
    await process.start()
    files = written(tmp_path, 12, patient=LIN)
    sending = asyncio.create_task(store(process.port, *files))
    await _some(net, 3)
    await process.end(signal.SIGKILL)
    # Files go one after the other: so many answers, so many of the first files.
    acknowledged = files[: (await sending).statuses.count("Success")]
    assert 0 < len(acknowledged) < len(files)
    kept = await _kept(net)
    for file in acknowledged:
        content = file.read_bytes()
        (digest,) = (one for uid, one in kept.items() if f"{uid}".encode() in content)
        assert process.store.get(digest)[128:132] == b"DICM"
    await process.start()
    assert (await store(process.port, *files)).statuses == ["Success"] * len(files)
    assert len(await _kept(net)) == len(files)
    assert await process.end(signal.SIGTERM) == 0
    assert "测试" not in process.said()
    assert "CESHI" not in process.said()
