"""What instruments hand over: once, by the right clock, on the right person, refused ones kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import NotAllowed, NotFound
from kernel.ids import NewbornId, PregnancyId
from kernel.viewer import Role, Viewer
from registry.observations import queries as readings
from registry.observations.devices import queries, service
from registry.observations.devices.ingest import device_viewer, hand_over
from registry.observations.devices.rules import CODES, DeviceKind
from registry.observations.devices.schemas import (
    DeviceMessages,
    Handed,
    HerDevices,
    Message,
    NewDevice,
    NewPairing,
)
from registry.observations.errors import DeviceRevoked, DeviceUnknown, WrongSubject
from registry.observations.schemas import Entry, Observation
from registry.pregnancies.schemas import NewNewborn
from registry.pregnancies.service import add_newborn
from tests.fixtures.database import Clone
from tests.registry.world import World, patient

PRESSURE = (
    Entry(code="sbp_mmhg", number=152, unit="mmHg"),
    Entry(code="dbp_mmhg", number=96, unit="mmHg"),
)


@dataclass(slots=True)
class Bench:
    """A house, a woman, and an instrument."""

    database: Clone
    world: World
    doctor: Viewer
    her: PregnancyId
    device_id: UUID
    token: str

    async def pair(self, newborn_id: UUID | None = None, by: Viewer | None = None) -> None:
        who = by or self.doctor
        async with self.database.app.session(who) as session:
            order = NewPairing(self.her, newborn_id)
            await service.pair(session, self.world.clock, who, self.device_id, order)

    async def send(
        self,
        *messages: tuple[int, tuple[Entry, ...]],
        ahead: timedelta = timedelta(),
        ago: timedelta = timedelta(),
        token: str | None = None,
    ) -> Handed:
        """Hand over; the device's clock runs ahead, the readings were taken some time ago."""
        now: datetime = self.world.clock.now() + ahead
        order = DeviceMessages(
            now, [Message(number, now - ago, list(said)) for number, said in messages]
        )
        bearer = f"Bearer {token or self.token}"
        async with self.database.app.session(Viewer.system("anonymous")) as session:
            return await hand_over(session, self.world.clock, bearer, order)

    async def latest(self, newborn_id: NewbornId | None = None) -> dict[str, Observation]:
        async with self.database.app.session(self.doctor) as session:
            return await readings.latest(session, self.doctor, self.her, newborn_id=newborn_id)

    async def hers(self) -> HerDevices:
        async with self.database.app.session(self.doctor) as session:
            return await queries.of_pregnancy(session, self.doctor, self.her)


async def _bench(database: Clone, world: World, kind: DeviceKind) -> Bench:
    doctor = world.doctor
    her = PregnancyId((await patient(database.app, world, doctor)).pregnancy_id)
    async with database.app.session(doctor) as session:
        order = NewDevice(f"SN {kind} {her}", kind)
        row, token = await service.register(session, world.clock, doctor, order)
        return Bench(database, world, doctor, her, row.id, token)


def _said(handed: Handed) -> list[tuple[int, str, bool, str | None]]:
    return [(one.sequence, one.status, one.known, one.code) for one in handed.results]


async def test_home_pressure_becomes_her_readings_once(database: Clone, world: World) -> None:
    bench = await _bench(database, world, "home_blood_pressure")
    await bench.pair()
    world.clock.advance(timedelta(minutes=10))
    assert _said(await bench.send((1, PRESSURE))) == [(1, "recorded", False, None)]
    again = (Entry(code="sbp_mmhg", number=90, unit="mmHg"),)
    assert _said(await bench.send((1, again), (1, again))) == [(1, "recorded", True, None)] * 2
    one = (await bench.latest())["sbp_mmhg"]
    assert (one.number, one.source, one.by) == (152, "home", None)
    assert one.facility is not None
    assert one.facility.id == bench.doctor.facility_id


@pytest.mark.parametrize("ahead", [timedelta(hours=3), -timedelta(days=15_000), timedelta()])
async def test_a_wrong_clock_is_corrected(database: Clone, world: World, ahead: timedelta) -> None:
    bench = await _bench(database, world, "home_blood_pressure")
    await bench.pair()
    world.clock.advance(timedelta(minutes=30))
    handed = await bench.send((1, PRESSURE), ahead=ahead, ago=timedelta(minutes=8))
    assert handed.clock_offset_ms == -ahead / timedelta(milliseconds=1)
    taken = (await bench.latest())["sbp_mmhg"].taken_at
    assert taken == world.clock.now() - timedelta(minutes=8)


async def test_what_is_refused_is_kept_and_takes_nothing_with_it(
    database: Clone, world: World
) -> None:
    bench = await _bench(database, world, "home_blood_pressure")
    await bench.pair()
    world.clock.advance(timedelta(minutes=10))
    wrong_unit = (Entry(code="sbp_mmhg", number=15.2, unit="cmHg"),)
    foreign = (Entry(code="hb_g_per_l", number=110, unit="g/L"),)
    half = (PRESSURE[0], Entry(code="dbp_mmhg", number=900, unit="mmHg"))
    handed = await bench.send((1, wrong_unit), (2, foreign), (3, half), (4, PRESSURE))
    assert _said(handed) == [
        (1, "refused", False, "observations.unit_refused"),
        (2, "refused", False, "observations.not_for_device"),
        (3, "refused", False, "observations.implausible"),
        (4, "recorded", False, None),
    ]
    assert set(await bench.latest()) == {"sbp_mmhg", "dbp_mmhg", "map_mmhg"}
    kept = {one.sequence: one for one in (await bench.hers()).refused}
    assert sorted(kept) == [1, 2, 3]
    assert kept[1].entries == list(wrong_unit)
    assert _said(await bench.send((1, PRESSURE)))[0][1:] == (
        "refused", True, "observations.unit_refused",
    )  # fmt: skip


async def test_it_counts_for_whom_it_was_paired_with_at_that_moment(
    database: Clone, world: World
) -> None:
    bench = await _bench(database, world, "home_blood_pressure")
    unpaired = (1, "refused", False, "observations.device_unpaired")
    assert _said(await bench.send((1, PRESSURE))) == [unpaired]
    world.clock.advance(timedelta(hours=1))
    await bench.pair()
    world.clock.advance(timedelta(minutes=5))
    before = await bench.send((2, PRESSURE), ago=timedelta(minutes=6))
    assert _said(before)[0][1] == "refused"
    second = PregnancyId((await patient(database.app, world, bench.doctor)).pregnancy_id)
    first, bench.her = bench.her, second
    await bench.pair()
    world.clock.advance(timedelta(minutes=5))
    late = await bench.send((3, PRESSURE), ago=timedelta(minutes=7))
    assert _said(late)[0][1] == "recorded", "measured while she was still paired"
    assert await bench.latest() == {}
    bench.her = first
    assert (await bench.latest())["sbp_mmhg"].number == 152
    assert [one.pairing.to_at is None for one in (await bench.hers()).devices] == [False]


async def test_bilirubin_of_a_newborn_with_its_age(database: Clone, world: World) -> None:
    bench = await _bench(database, world, "bilirubinometer")
    with pytest.raises(WrongSubject):
        await bench.pair()
    born = NewNewborn(birth_order=1, sex="female", born_at=world.clock.now(), weight_g=3200)
    async with database.app.session(bench.doctor) as session:
        made = await add_newborn(session, world.clock, bench.doctor, bench.her, born)
    await bench.pair(made.id)
    world.clock.advance(timedelta(hours=36))
    tcb = (Entry(code="tcb_mg_per_dl", number=205, unit="µmol/L"),)
    assert _said(await bench.send((1, tcb)))[0][1] == "recorded"
    one = (await bench.latest(NewbornId(made.id)))["tcb_mg_per_dl"]
    assert (one.number, one.raw_value, one.raw_unit) == (11.986, "205", "µmol/L")
    assert one.source == "device"
    async with database.app.session(bench.doctor) as session:
        seen = await readings.series(
            session, bench.doctor, bench.her, None, born.born_at, world.clock.now()
        )
    assert [(x.age_hours, x.device is not None) for x in seen] == [(36.0, True)]


async def test_home_fetal_heart(database: Clone, world: World) -> None:
    bench = await _bench(database, world, "home_ctg")
    await bench.pair()
    world.clock.advance(timedelta(minutes=1))
    rate = (Entry(code="fhr_bpm", number=148, unit="bpm"),)
    await bench.send((7, rate))
    one = (await bench.latest())["fhr_bpm"]
    assert (one.number, one.source) == (148, "home")


async def test_a_token_opens_one_live_device(database: Clone, world: World) -> None:
    bench = await _bench(database, world, "home_ctg")
    await bench.pair()
    with pytest.raises(DeviceUnknown):
        await bench.send((1, PRESSURE), token="somebody else's")
    async with database.app.session(bench.doctor) as session:
        await service.revoke(session, world.clock, bench.doctor, bench.device_id)
    with pytest.raises(DeviceUnknown):
        await bench.send((1, PRESSURE))
    with pytest.raises(DeviceRevoked):
        await bench.pair()
    async with database.app.session(bench.doctor) as session:
        shown = await queries.device(session, bench.doctor, bench.device_id)
    assert (shown.paired, shown.revoked_at) == (None, world.clock.now())


async def test_strangers_have_no_devices(database: Clone, world: World) -> None:
    bench = await _bench(database, world, "home_ctg")
    await bench.pair()
    stranger = world.outsider
    async with database.app.session(stranger) as session:
        assert await queries.devices(session, stranger) == []
        with pytest.raises(NotFound):
            await queries.of_pregnancy(session, stranger, bench.her)
        for command in (service.revoke, service.unpair):
            with pytest.raises(NotFound):
                await command(session, world.clock, stranger, bench.device_id)
    with pytest.raises(NotFound):
        await bench.pair(by=stranger)
    nowhere = world.viewer(Role.COORDINATOR, world.city_centre, world.city)
    async with database.app.session(nowhere) as session:
        with pytest.raises(NotAllowed):
            await service.register(session, world.clock, nowhere, NewDevice("x", "home_ctg"))


async def test_a_device_writes_only_as_a_device(database: Clone, world: World) -> None:
    """The tables themselves: no reading without its message, none by another house's device."""
    bench = await _bench(database, world, "home_ctg")
    raw = text(
        "INSERT INTO observation (id, pregnancy_id, subject, code, value_num, raw_value, taken_at,"
        " entered_at, source, facility_id, drill) VALUES (gen_random_uuid(), :her, 'mother',"
        " 'fhr_bpm', 140, '140', now(), now(), 'home', :house, false)"
    )
    house = bench.doctor.facility_id
    for viewer in (device_viewer(bench.device_id, house), world.outsider):
        with pytest.raises(DBAPIError):
            async with database.app.session(viewer) as session:
                await session.execute(raw, {"her": bench.her, "house": house})


def test_every_kind_measures_what_the_catalogue_knows() -> None:
    for codes in CODES.values():
        assert codes <= set(readings.CATALOGUE.codes)
