"""What is given, with its time: codes of a catalogue, first doses on the clock, slips struck."""

from datetime import datetime, timedelta

import pytest

from kernel.chain.history import history
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from referral.clocks.milestones import fold
from referral.commands.on_case import Milestone
from referral.commands.on_leg import Depart
from referral.commands.on_offer import Accept
from referral.commands.on_papers import GiveTreatment, Withdraw
from referral.errors import (
    AlreadyWithdrawn,
    EventInFuture,
    LateReasonMissing,
    TreatmentUnknown,
    WrongSide,
)
from referral.papers import Target
from referral.rules.treatments import GROUPS, ROUTES, TREATMENTS
from referral.service.accept import accept
from referral.service.commit import take_up
from referral.service.complete import add_milestone
from referral.service.travel import depart
from referral.service.treat import give, withdraw
from tests.referral.network import SEEDER, STABLE, Network


def test_the_catalogue_is_whole() -> None:
    known = set(Milestone.__annotations__["kind"].__args__)
    for entry in TREATMENTS.entries.values():
        assert entry.group in GROUPS
        assert set(entry.routes) <= set(ROUTES)
        assert entry.milestone is None or entry.milestone in known
        assert entry.confidence in "VSBI"


async def test_the_first_dose_sets_its_mark_once(net: Network) -> None:
    case = await net.sent(net.places["city"])
    oxytocin = GiveTreatment(code="oxytocin", dose=10, unit="U", route="im")
    await net.do("county_doctor", give, case, oxytocin)
    net.wait(minutes=3)
    await net.do("county_doctor", give, case, GiveTreatment(code="carbetocin"))
    await net.do("county_doctor", give, case, GiveTreatment(code="tranexamic_acid"))
    marks = [kind for kind in await net.kinds(case) if kind.startswith("milestone.")]
    assert marks == ["milestone.first_dose_uterotonic", "milestone.first_dose_tranexamic_acid"]
    given = (await net.papers("city_expert", case)).treatments
    assert [(t.code, t.dose, t.phase) for t in given] == [
        ("oxytocin", 10, "before_transport"),
        ("carbetocin", None, "before_transport"),
        ("tranexamic_acid", None, "before_transport"),
    ]
    assert given[0].by is not None


async def test_a_mark_set_by_hand_is_not_set_again(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await net.do("county_doctor", add_milestone, case, Milestone(kind="first_dose_magnesium"))
    await net.do("county_doctor", give, case, GiveTreatment(code="magnesium_load"))
    assert (await net.kinds(case)).count("milestone.first_dose_magnesium") == 1


async def _strike(net: Network, case: CaseId, which: int) -> None:
    wrong = (await net.papers("county_doctor", case)).treatments[which]

    async def strike(session, clock, viewer, case_id, why):  # type: ignore[no-untyped-def]
        target = Target("treatment", wrong.id)
        return await withdraw(session, clock, viewer, case_id, target, why)

    await net.do("county_doctor", strike, case, Withdraw(reason="录错患者"))


async def _mark(net: Network, case: CaseId) -> datetime | None:
    async with net.clone.system.session(SEEDER) as session:
        marks = fold(await history(session, case)).milestones
    found = marks.get("first_dose_uterotonic")
    return None if found is None else found.at


async def test_a_struck_first_dose_takes_its_mark_along_and_the_true_one_sets_it(
    net: Network,
) -> None:
    case = await net.sent(net.places["city"])
    await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin"))
    assert await _mark(net, case) is not None
    await _strike(net, case, 0)
    assert await _mark(net, case) is None
    assert (await net.kinds(case))[-1] == "clock.undone"
    await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin"))
    assert await _mark(net, case) is not None


async def test_a_dose_that_still_stands_gives_the_mark_its_own_time(net: Network) -> None:
    case = await net.sent(net.places["city"])
    second = net.clock.now() - timedelta(minutes=5)
    await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin"))
    late = GiveTreatment(code="carbetocin", given_at=second, late_reason="先抢救后补记")
    await net.do("county_doctor", give, case, late)
    await _strike(net, case, -1)
    assert await _mark(net, case) == second
    # A slip that set no mark moves none.
    await net.do("county_doctor", give, case, GiveTreatment(code="misoprostol"))
    await _strike(net, case, -1)
    assert await _mark(net, case) == second


async def test_a_childs_drug_is_no_mark_of_the_mothers(net: Network) -> None:
    case = await net.sent(net.places["city"], subject="newborn", condition="newborn_asphyxia")
    await net.do("county_doctor", give, case, GiveTreatment(code="vitamin_k", baby=1))
    assert not [kind for kind in await net.kinds(case) if kind.startswith("milestone.")]


async def test_on_the_road_the_phase_is_known(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("city_expert", case)).offers[0]
    await net.act("city_expert", case, accept, Accept, on=offer.id, bed="1")
    from referral.commands.on_case import Commit

    await net.act("county_doctor", case, take_up, Commit, offer_id=offer.id)
    leg = (await net.see("county_doctor", case)).legs[0]
    await net.act("county_doctor", case, depart, Depart, on=leg.id, checklist=STABLE)
    await net.do("county_doctor", give, case, GiveTreatment(code="red_cells", dose=2, unit="U"))
    last = (await net.papers("city_expert", case)).treatments[-1]
    assert (last.code, last.phase) == ("red_cells", "during_transport")


async def test_an_earlier_time_needs_a_reason_and_a_later_one_is_refused(net: Network) -> None:
    case = await net.sent(net.places["city"])
    earlier = net.clock.now() - timedelta(minutes=25)
    with pytest.raises(LateReasonMissing):
        await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin", given_at=earlier))
    with pytest.raises(EventInFuture):
        later = net.clock.now() + timedelta(minutes=1)
        await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin", given_at=later))
    told = GiveTreatment(code="oxytocin", given_at=earlier, late_reason="先抢救后补记")
    await net.do("county_doctor", give, case, told)
    given = (await net.papers("county_doctor", case)).treatments
    assert [(t.given_at, t.late_reason) for t in given] == [(earlier, "先抢救后补记")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "moonlight"},
        {"code": "oxytocin", "dose": 10},
        {"code": "oxytocin", "dose": 10, "unit": "mg"},
        {"code": "oxytocin", "route": "tracheal"},
    ],
)
async def test_only_what_the_catalogue_knows(net: Network, wrong: dict[str, object]) -> None:
    case = await net.sent(net.places["city"])
    with pytest.raises(TreatmentUnknown):
        await net.do("county_doctor", give, case, GiveTreatment(**wrong))  # type: ignore[arg-type]
    assert (await net.papers("county_doctor", case)).treatments == []


async def test_a_slip_is_struck_through_once_and_stays(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin", note="手误"))
    wrong = (await net.papers("county_doctor", case)).treatments[0]

    async def strike(session, clock, viewer, case_id, why):  # type: ignore[no-untyped-def]
        target = Target("treatment", wrong.id)
        return await withdraw(session, clock, viewer, case_id, target, why)

    await net.do("county_doctor", strike, case, Withdraw(reason="录错患者"))
    shown = (await net.papers("city_expert", case)).treatments[0]
    assert shown.withdrawn is not None
    assert shown.withdrawn.reason == "录错患者"
    with pytest.raises(AlreadyWithdrawn):
        await net.do("county_doctor", strike, case, Withdraw(reason="再次"))
    other = await net.sent(net.places["city"])
    with pytest.raises(NotFound):
        await net.do("county_doctor", strike, other, Withdraw(reason="别的病例"))
    events = [event.payload for event in await net.events(case)]
    assert all("录错" not in str(said) and "手误" not in str(said) for said in events)


async def test_who_may(net: Network) -> None:
    case = await net.sent(net.places["city"])
    oxytocin = GiveTreatment(code="oxytocin")
    await net.do("city_expert", give, case, oxytocin)
    for who, refusal in (("outsider", NotFound), ("coordinator", WrongSide)):
        with pytest.raises(refusal):
            await net.do(who, give, case, oxytocin)
    with pytest.raises((NotFound, WrongSide)):
        await net.do("commission", give, case, oxytocin)
    with pytest.raises(NotFound):
        await net.do("county_doctor", give, new_id(), oxytocin)
    with pytest.raises(NotFound):
        await net.papers("commission", case)
