"""C-ECHO and C-STORE against dcmtk: who is let in, what is kept, what is told to be sent again."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pydicom.data
import pytest
from sqlalchemy import text

from consult.imaging.archive import SealedFolder
from consult.imaging.parse import Box
from consult.imaging.receiving import machines
from consult.imaging.receiving.dimse import Listening, Receiver
from consult.imaging.receiving.door import SPARE_LINES, Register
from consult.imaging.receiving.main import refresh
from consult.imaging.receiving.schemas import NewMachine
from consult.imaging.taking import Desk
from kernel.blobs import BlobStore
from tests.consult.imaging.receiving.machine import LIN, TITLE, echo, store, written
from tests.referral.network import SEALER, SEEDER, Network

ASSOCIATIONS = 2
FILES = Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture
def register() -> Register:
    """Who may send."""
    return Register()


@pytest.fixture
async def desk(net: Network, tmp_path: Path) -> AsyncIterator[Desk]:
    """What the receiver takes in with, and an installation without machines."""
    made = Desk(
        net.clone.system, net.clock, SEALER,
        SealedFolder(BlobStore(tmp_path / "store", SEALER, max_bytes=0)), Box(readers=1),
    )  # fmt: skip
    yield made
    made.box.close()
    async with net.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE imaging_machine SET revoked_at = now(), revoked_by = created_by")
        )


@pytest.fixture
async def receiver(net: Network, desk: Desk, register: Register) -> AsyncIterator[Receiver]:
    """A receiver that knows the county's machine."""
    await let_in(net, desk, register)
    made = Receiver(desk, register, Listening("127.0.0.1", 0, "YUNSHANG", ASSOCIATIONS))
    yield made
    await asyncio.to_thread(made.close)


async def let_in(
    net: Network, desk: Desk, register: Register, title: str = TITLE, network: str = "127.0.0.0/8"
) -> str:
    """A machine of the county."""
    keeper, county = net.staff["admin"], net.places["county"]
    order = NewMachine(ae_title=title, name="超声三号", networks=[network], facility_id=county)
    async with net.clone.app.session(keeper) as session:
        made = await machines.register(session, net.clock, keeper, order)
    await refresh(desk, register)
    return str(made)


async def kept(net: Network) -> int:
    return await net.count("imaging_arrived_file")


async def test_a_registered_machine_is_answered_and_what_it_sends_is_durable(
    net: Network, receiver: Receiver, desk: Desk, tmp_path: Path
) -> None:
    before = await kept(net)
    assert (await echo(receiver.facts.port)).code == 0
    files = written(tmp_path, 3, patient=LIN, study="1.9.1")
    said = await store(receiver.facts.port, *files)
    assert said.statuses == ["Success"] * 3
    assert await kept(net) == before + 3
    again = await store(receiver.facts.port, *files)
    assert again.statuses == ["Success"] * 3
    assert await kept(net) == before + 3
    async with net.clone.system.session(SEEDER) as session:
        digests = (await session.scalars(text("SELECT sha256 FROM imaging_arrived_file"))).all()
    assert all(desk.archive.get("", one)[128:132] == b"DICM" for one in digests[-3:])


@pytest.mark.parametrize(
    ("title", "called", "network"),
    [
        ("NOBODY", "YUNSHANG", "127.0.0.0/8"),
        (TITLE, "OTHER", "127.0.0.0/8"),
        ("ELSEWHERE", "YUNSHANG", "192.0.2.0/24"),
    ],
    ids=["unknown title", "wrong receiver", "right title, wrong address"],
)
async def test_who_is_not_registered_is_refused(
    net: Network, receiver: Receiver, desk: Desk, register: Register,
    title: str, called: str, network: str,
) -> None:  # fmt: skip
    if title == "ELSEWHERE":
        await let_in(net, desk, register, title, network)
    said = await echo(receiver.facts.port, title=title, called=called)
    assert said.code != 0
    assert "Rejected" in said.output, said.output


async def test_an_address_that_no_machine_calls_from_is_cut_before_a_byte_is_read(
    net: Network, desk: Desk, register: Register
) -> None:
    await let_in(net, desk, register, network="192.0.2.0/24")
    made = Receiver(desk, register, Listening("127.0.0.1", 0, "YUNSHANG", 2))
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.facts.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
    finally:
        await asyncio.to_thread(made.close)


async def test_a_revoked_machine_sends_no_more(
    net: Network, receiver: Receiver, desk: Desk, register: Register, tmp_path: Path
) -> None:
    machine = register.find(TITLE, "127.0.0.1")
    assert machine is not None
    keeper, before = net.staff["admin"], await kept(net)
    async with net.clone.app.session(keeper) as session:
        await machines.revoke(session, net.clock, keeper, machine.id)
    # The register is not read yet; the row decides.
    said = await store(receiver.facts.port, *written(tmp_path, 1, patient=LIN))
    assert said.statuses != ["Success"]
    await refresh(desk, register)
    assert (await echo(receiver.facts.port)).code != 0
    assert await kept(net) == before


async def test_what_cannot_be_kept_is_refused_and_the_rest_goes_on(
    net: Network, receiver: Receiver, tmp_path: Path
) -> None:
    before = await kept(net)
    good = written(tmp_path, 2, patient=LIN, study="1.9.2")
    content = good[0].read_bytes()
    bad = tmp_path / "bad.dcm"
    at = content.index(struct.pack("<HH2s", 0x0020, 0x000D, b"UI"))
    bad.write_bytes(content[:at] + content[at:].replace(b"1.9.2\0", b"1.9.x\0", 1))
    said = await store(receiver.facts.port, good[0], bad, good[1])
    first, second, third = said.statuses
    assert (first, third) == ("Success", "Success")
    assert "Success" not in second
    assert await kept(net) == before + 2


async def test_nothing_is_acknowledged_while_it_cannot_be_kept(
    net: Network, receiver: Receiver, desk: Desk, tmp_path: Path
) -> None:
    before = await kept(net)
    folder = tmp_path / "store"
    folder.write_bytes(b"no folder")  # as a disk that cannot be written to
    files = written(tmp_path, 1, patient=LIN, study="1.9.3")
    said = await store(receiver.facts.port, *files)
    assert "Success" not in said.statuses
    assert "Refused: OutOfResources" in said.output, said.output
    assert await kept(net) == before
    folder.unlink()
    assert (await store(receiver.facts.port, *files)).statuses == ["Success"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SC_rgb_jpeg_dcmtk.dcm", ("-xy",)),
        ("JPEG2000.dcm", ("-xw",)),
        ("MR_small_RLE.dcm", ("-xr",)),
        ("reportsi.dcm", ()),
    ],
)
async def test_what_machines_write_is_taken_as_it_is(
    receiver: Receiver, name: str, options: tuple[str, ...]
) -> None:
    said = await store(receiver.facts.port, FILES / name, options=options)
    assert said.statuses == ["Success"], said.output


async def test_one_that_says_a_pdu_is_endless_is_cut(receiver: Receiver) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.facts.port)
    writer.write(struct.pack(">BBL", 1, 0, 0xFFFFFFFF) + b"x" * 1000)
    async with asyncio.timeout(5):
        assert len(await reader.read()) < 100
    writer.close()
    assert (await echo(receiver.facts.port)).code == 0


async def test_a_crowd_is_bounded_and_others_still_get_in(receiver: Receiver) -> None:
    lines = [await asyncio.open_connection("127.0.0.1", receiver.facts.port) for _ in range(20)]
    heard = [asyncio.create_task(reader.read(1)) for reader, _ in lines]
    too_many = len(lines) - ASSOCIATIONS - SPARE_LINES
    async with asyncio.timeout(5):
        while len(cut := [one for one in heard if one.done()]) < too_many:
            await asyncio.sleep(0.01)
    assert [one.result() for one in cut] == [b""] * too_many
    for _, writer in lines:
        writer.close()
    async with asyncio.timeout(20):
        while (await echo(receiver.facts.port)).code != 0:
            await asyncio.sleep(0.2)


async def test_a_receiver_that_closes_cuts_who_has_not_asked_for_anything_yet(
    receiver: Receiver,
) -> None:
    lines = [await asyncio.open_connection("127.0.0.1", receiver.facts.port) for _ in range(3)]
    async with asyncio.timeout(5):
        while len(waiting := receiver.associations()) < len(lines):
            await asyncio.sleep(0.01)
    await asyncio.to_thread(receiver.close)
    async with asyncio.timeout(5):
        assert [await reader.read(1) for reader, _ in lines] == [b""] * len(lines)
    for thread in waiting:  # a thread that ends with an error fails the test by itself
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
    for _, writer in lines:
        writer.close()
