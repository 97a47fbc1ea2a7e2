"""What a command says of her becomes readings in the same transaction, and warns its sides."""

from datetime import timedelta
from uuid import UUID

import msgspec
import msgspec.inspect
import pytest
from celery import Celery
from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.errors import Refusal
from kernel.ids import CaseId, PregnancyId
from kernel.outbox import OutboxMessage
from kernel.sealing import Sealer
from referral.casefiles.commands import FollowUp
from referral.casefiles.service.followup import follow_up
from referral.commands.fields import Vitals
from referral.commands.on_case import Commit, CompleteRecord
from referral.commands.on_leg import Arrive, Depart, Deteriorate, Report, SignHandover
from referral.commands.on_offer import Accept
from referral.service.accept import accept
from referral.service.arrive import arrive, sign_handover
from referral.service.commit import take_up
from referral.service.complete import complete_record
from referral.service.travel import depart, deteriorate, report
from referral.service.warned import WARNED, tell_warned
from registry.observations import queries
from registry.observations.catalogue import CATALOGUE
from registry.observations.errors import PressuresSwapped
from registry.observations.schemas import Observation
from registry.observations.service import RECORDED
from server.subscriptions import Subscriptions
from tests.fixtures.database import Clone
from tests.referral.casefiles import filing
from tests.referral.network import SEEDER, STABLE, Network, build

TOOLS = ["mewc_2014", "meows_cemach", "shock_index", "fujian_transfer"]
"""What fires for 84/50 with a pulse of 128."""


async def _moving(net: Network, **changes: object) -> tuple[CaseId, UUID]:
    case = await net.sent(net.places["city"], **changes)  # type: ignore[arg-type]
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1 床")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    return case, leg


async def _latest(net: Network, who: str, pregnancy_id: UUID) -> dict[str, Observation]:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await queries.latest(session, viewer, PregnancyId(pregnancy_id))


async def _outbox(net: Network, case: CaseId) -> list[OutboxMessage]:
    rows = text(
        "SELECT id, topic, payload, attempts, available_at FROM outbox WHERE topic = :topic"
        " AND payload->>'case_id' = :case ORDER BY id"
    )
    async with net.clone.system.session(SEEDER) as session:
        found = await session.execute(rows, {"topic": RECORDED, "case": str(case)})
        return [OutboxMessage(*row) for row in found]


async def _of(net: Network, case: CaseId) -> UUID:
    return (await net.see("county_doctor", case)).pregnancy.id  # type: ignore[union-attr]


async def test_every_command_on_the_road_records_readings(net: Network) -> None:
    case, leg = await _moving(net)
    her = await _of(net, case)
    first = await _latest(net, "city_expert", her)
    assert (first["sbp_mmhg"].number, first["shock_index"].number) == (84, pytest.approx(1.5238))
    assert first["sbp_mmhg"].case_id == case
    net.wait(minutes=5)
    at = net.clock.now()
    seen = Vitals(sbp_mmhg=92, hr_per_min=118, taken_at=at - timedelta(minutes=2))
    await net.act("county_doctor", case, report, Report, on=leg, vitals=seen)
    known = await _latest(net, "city_expert", her)
    assert (known["sbp_mmhg"].number, known["sbp_mmhg"].taken_at) == (92, at - timedelta(minutes=2))
    net.wait(minutes=5)
    worse = Vitals(sbp_mmhg=78, consciousness="voice")
    await net.act(
        "county_doctor", case, deteriorate, Deteriorate, on=leg, note="血压下降", vitals=worse
    )
    known = await _latest(net, "county_doctor", her)
    assert (known["sbp_mmhg"].number, known["consciousness"].word) == (78, "voice")
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    half = {"condition": "平稳", "drugs": "无", "blood": "无", "documents": "病历"}
    net.wait(minutes=5)
    signed = Vitals(spo2_percent=93)
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, vitals=signed, **half)
    assert (await _latest(net, "city_expert", her))["spo2_percent"].number == 93


async def test_a_completed_record_keeps_the_moment_of_its_laboratory(net: Network) -> None:
    case = await net.sent(net.places["city"])
    net.wait(hours=1)
    drawn = net.clock.now() - timedelta(minutes=40)
    await net.act(
        "county_doctor",
        case,
        complete_record,
        CompleteRecord,
        vitals=Vitals(temp_c=38.4),
        hb_g_per_l=62,
        lactate_mmol_per_l=4.4,
        urine_protein="++",
        urine_ml_per_h=20,
        labs_at=drawn,
    )
    known = await _latest(net, "city_expert", await _of(net, case))
    assert known["temp_c"].number == 38.4
    assert (known["hb_g_per_l"].number, known["hb_g_per_l"].taken_at) == (62, drawn)
    assert (known["lactate_mmol_per_l"].number, known["urine_protein"].word) == (4.4, "2+")
    assert known["urine_ml_per_h"].taken_at == net.clock.now(), "no laboratory measures urine"


async def test_what_cannot_be_takes_the_command_back(net: Network) -> None:
    case, leg = await _moving(net)
    before = await net.kinds(case)
    swapped = Vitals(sbp_mmhg=60, dbp_mmhg=110)
    with pytest.raises(PressuresSwapped):
        await net.act("county_doctor", case, report, Report, on=leg, vitals=swapped)
    ahead = Vitals(hr_per_min=90, taken_at=net.clock.now() + timedelta(hours=1))
    with pytest.raises(Refusal):
        await net.act("county_doctor", case, report, Report, on=leg, vitals=ahead)
    assert await net.kinds(case) == before


async def test_a_follow_up_of_a_case_file_records_readings(net: Network) -> None:
    file_id = await filing.opened(net)
    file = await filing.look(net, "county_doctor", file_id)
    order = FollowUp(version=file.version, vitals=Vitals(sbp_mmhg=142, dbp_mmhg=92), **filing.SEEN)
    await net.do("county_doctor", follow_up, file_id, order)
    known = await _latest(net, "county_doctor", file.pregnancy_id)
    assert (known["sbp_mmhg"].number, known["sbp_mmhg"].case_id) == (142, None)


async def test_a_newborns_case_records_a_newborn(net: Network) -> None:
    case = await net.sent(
        net.places["city"],
        subject="newborn",
        condition="newborn_asphyxia",
        vitals=Vitals(spo2_percent=88, hr_per_min=90, blood_loss_ml=10),
    )
    assert await _latest(net, "county_doctor", await _of(net, case)) == {}
    rows = text("SELECT code, subject FROM observation WHERE case_id = :case ORDER BY code")
    async with net.clone.system.session(SEEDER) as session:
        found = (await session.execute(rows, {"case": case})).all()
    assert [tuple(row) for row in found] == [("hr_per_min", "newborn"), ("spo2_percent", "newborn")]


async def test_an_exercise_stays_apart(net: Network) -> None:
    case = await net.sent(net.places["city"], drill=True)
    assert await _latest(net, "county_doctor", await _of(net, case)) == {}
    assert await _outbox(net, case) == []


async def test_a_warning_in_a_live_case_tells_its_sides(database: Clone, valkey_url: str) -> None:
    net = await build(database, SystemClock())
    case = await net.sent(net.places["city"])
    messages = await _outbox(net, case)
    assert [m.payload["newly"] for m in messages] == [TOOLS]
    joined = Subscriptions(
        net.clone.system, net.clock, valkey_url, Celery(), Sealer(b"k" * 32), demo=False
    )
    try:
        for message in messages:
            await joined.handlers()[RECORDED](message)
    finally:
        await joined.close()
    told = await _told(net)
    number = (await net.see("city_expert", case)).number
    wanted = {
        "case_id": str(case),
        "code": WARNED,
        "number": number,
        "tools": TOOLS,
    }
    for who in ("county_expert", "city_expert"):
        assert [data for person, data in told if person == net.staff[who].person_id] == [wanted]
    async with net.clone.system.session(SEEDER) as session:
        nobody = PregnancyId(await net.pregnancy(net.staff["county_doctor"]))
        assert not await tell_warned(session, net.clock, SEEDER, nobody, ["mewc_2014"])


async def _told(net: Network) -> list[tuple[UUID, dict[str, object]]]:
    rows = text("SELECT person_id, data FROM inbox_item WHERE data->>'code' = :code")
    async with net.clone.system.session(SEEDER) as session:
        return [(row[0], row[1]) for row in await session.execute(rows, {"code": WARNED})]


@pytest.mark.parametrize("of", [Vitals, CompleteRecord])
def test_no_command_is_refused_for_a_value_that_it_allows(of: type[msgspec.Struct]) -> None:
    """The catalogue takes every number that the commands' own bounds let through."""
    shape = msgspec.inspect.type_info(of)
    assert isinstance(shape, msgspec.inspect.StructType)
    for one in shape.fields:
        item = CATALOGUE.codes.get(one.name)
        kinds = getattr(one.type, "types", (one.type,))
        bounds = [(k.ge, k.le) for k in kinds if getattr(k, "ge", None) is not None]
        if item is not None and bounds:
            assert item.plausible is not None
            low, high = item.plausible
            assert low <= bounds[0][0] <= bounds[0][1] <= high, one.name
