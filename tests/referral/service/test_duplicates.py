"""One person, one live case, whoever registered her; and what a stranger is not told."""

from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from kernel.viewer import Viewer
from referral.commands.on_case import Cancel
from referral.errors import DuplicateCase, LiveCaseElsewhere
from referral.routes import router
from referral.service.duplicates import TOPIC, tell_coordinator
from referral.service.finish import cancel
from registry.pregnancies.rules import check_digit
from tests.referral.http import Caller, caller
from tests.referral.network import SEEDER, Network

_serial = count(100)


def _number() -> str:
    """An identity number that is nobody's: demo region, and a serial of its own."""
    first = f"99012119900505{next(_serial):03d}"
    return first + check_digit(first)


async def _everywhere(net: Network, *doctors: str) -> list[UUID]:
    """The same woman, registered by each of them; her pregnancies in that order."""
    number = _number()
    return [await net.pregnancy(net.staff[who], id_number=number) for who in doctors]


async def _reported(net: Network) -> list[dict[str, Any]]:
    async with net.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT payload FROM outbox WHERE topic = :t ORDER BY created_at"), {"t": TOPIC}
        )
        return list(found.scalars())


def _body(net: Network, woman: UUID, **changes: object) -> dict[str, object]:
    plain = {
        "pregnancy_id": str(woman),
        "subject": "mother",
        "condition": "pph",
        "acuity": "critical",
        "reason": "出血",
        "consent": "signed",
        "destinations": [str(net.places["province"])],
    }
    return plain | changes


@pytest.fixture
def api(net: Network) -> Caller:
    """The referral routes."""
    return caller(net, router)


def _told(answer: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    return said


async def test_a_stranger_hears_that_there_is_one_and_nothing_else(
    net: Network, api: Caller
) -> None:
    ours, theirs = await _everywhere(net, "county_doctor", "outsider")
    case = await net.sent(net.places["city"], pregnancy_id=ours)
    before = await net.count("referral")
    answer = await api.post("outsider", "/referrals", _body(net, theirs))
    assert answer.status_code == 409
    said = _told(answer)
    assert said["code"] == "referral.live_case_elsewhere"
    assert said["fields"] == {}
    assert said["zh"]["title"] == "已有进行中的转诊"
    number = (await net.see("county_doctor", case)).number
    for secret in (str(case), number, "石桥", "清江", str(ours), "林测试", "出血"):
        assert secret not in answer.text
    assert await net.count("referral") == before


async def test_the_refusal_is_the_same_whoever_has_her(net: Network, api: Caller) -> None:
    texts = set()
    for sender in ("county_doctor", "township_midwife"):
        ours, theirs = await _everywhere(net, sender, "outsider")
        await net.sent(net.places["city"], pregnancy_id=ours, sender=sender)
        answer = await api.post("outsider", "/referrals", _body(net, theirs))
        texts.add(answer.text)
    assert len(texts) == 1


async def test_the_coordinator_is_told_and_the_live_case_remembers(
    net: Network, api: Caller
) -> None:
    ours, theirs = await _everywhere(net, "county_doctor", "outsider")
    case = await net.sent(net.places["city"], pregnancy_id=ours)
    for _ in range(2):
        await api.post("outsider", "/referrals", _body(net, theirs))
    mine = [told for told in await _reported(net) if told["case_id"] == str(case)]
    stranger = net.places["stranger"]
    assert mine == [{"case_id": str(case), "facility_id": str(stranger)}]
    engine = Viewer.system("engine")
    async with net.clone.system.session(engine) as session:
        await tell_coordinator(session, net.clock, engine, case, stranger)
    assert (await net.kinds(case))[-1] == TOPIC


async def test_a_party_is_led_to_the_case(net: Network) -> None:
    ours, theirs = await _everywhere(net, "county_doctor", "city_expert")
    case = await net.sent(net.places["city"], pregnancy_id=ours)
    with pytest.raises(DuplicateCase) as refused:
        await net.sent(net.places["province"], pregnancy_id=theirs, sender="city_expert")
    assert refused.value.fields["case_id"] == str(case)


async def test_without_a_number_only_the_own_patient_is_known(net: Network) -> None:
    woman = await net.pregnancy(net.staff["county_doctor"])
    case = await net.sent(net.places["city"], pregnancy_id=woman)
    with pytest.raises(DuplicateCase) as refused:
        await net.sent(net.places["city"], pregnancy_id=woman)
    assert refused.value.fields["case_id"] == str(case)
    other = await net.pregnancy(net.staff["outsider"])
    assert await net.sent(net.places["city"], pregnancy_id=other, sender="outsider")


async def test_a_closed_episode_is_no_obstacle(net: Network) -> None:
    ours, theirs = await _everywhere(net, "county_doctor", "outsider")
    case = await net.sent(net.places["city"], pregnancy_id=ours)
    with pytest.raises(LiveCaseElsewhere):
        await net.sent(net.places["province"], pregnancy_id=theirs, sender="outsider")
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    assert await net.sent(net.places["province"], pregnancy_id=theirs, sender="outsider")


async def test_drills_stand_in_nobodys_way(net: Network) -> None:
    ours, theirs = await _everywhere(net, "county_doctor", "outsider")
    await net.sent(net.places["city"], pregnancy_id=ours, drill=True)
    assert await net.sent(net.places["province"], pregnancy_id=theirs, sender="outsider")
    assert await net.sent(
        net.places["province"], pregnancy_id=theirs, sender="outsider", drill=True
    )


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [
        ("mother", "newborn", True),
        ("newborn", "mother", True),
        ("newborn", "newborn", False),
        ("dyad", "newborn", False),
        ("mother", "dyad", False),
    ],
)
async def test_mother_and_child_are_two_people(
    net: Network, first: str, second: str, free: bool
) -> None:
    woman = await net.pregnancy(net.staff["county_doctor"])
    await net.sent(net.places["city"], pregnancy_id=woman, subject=first)
    again = net.sent(net.places["city"], pregnancy_id=woman, subject=second)
    if free:
        assert await again
    else:
        with pytest.raises(DuplicateCase):
            await again


async def test_the_function_answers_only_about_patients_one_may_open(net: Network) -> None:
    (ours,) = await _everywhere(net, "county_doctor")
    case = await net.sent(net.places["city"], pregnancy_id=ours)
    ask = text("SELECT count(*) FROM live_case_of_person(:p, 'mother')")
    async with net.clone.system.session(SEEDER) as session:
        patient = await session.scalar(
            text("SELECT patient_id FROM referral WHERE id = :c"), {"c": case}
        )
    for who, seen in (("county_doctor", 1), ("city_expert", 1), ("outsider", 0)):
        async with net.clone.app.session(net.staff[who]) as session:
            assert await session.scalar(ask, {"p": patient}) == seen, who
    report = text("SELECT report_live_case(:p, 'mother', :f)")
    before = len(await _reported(net))
    async with net.clone.app.session(net.staff["outsider"]) as session:
        await session.execute(report, {"p": patient, "f": net.places["stranger"]})
        await session.execute(report, {"p": patient, "f": net.places["county"]})
    assert len(await _reported(net)) == before
    with pytest.raises(Exception, match="permission denied"):
        async with net.clone.app.session(net.staff["county_doctor"]) as session:
            await session.execute(
                text("SELECT * FROM live_cases_of_person(:p, 'mother')"), {"p": patient}
            )
