"""Deaths, near-misses, reviews and their measures by chance, and what is known of them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, FacilityId, new_id
from kernel.parties import PartyRole, add_facility
from registry.facilities.rules import CHINA
from tests.quality.cases import Place, write_case
from tests.quality.more import WORDS, YEAR, Stories, at, put, region_of


async def a_death(session: AsyncSession, told: Stories, by: Sequence[UUID]) -> None:
    """A death with its steps, and what became of its reviews; or a near-miss with its review."""
    chance, case_id, died = told.chance, new_id(), at(told.chance)
    origin, receiver = told.house(), chance.choice([None, told.house()])
    drill, state = chance.random() < 0.1, chance.choice(["died"] * 9 + ["voided"])
    home = await region_of(session, origin)
    await put(
        session, "referral", id=case_id, number=str(case_id), state=state, version=1,
        direction="up", patient_id=case_id, pregnancy_id=case_id, subject="mother",
        condition="x", acuity="stable", purple=False, needs_neonatal=False, drill=drill,
        demo=False, simulated=False, origin_id=origin, origin_region_id=home,
        receiver_id=receiver, created_by=case_id, created_at=died, sent_at=died,
    )  # fmt: skip
    await add_facility(session, CaseId(case_id), origin, PartyRole.ORIGIN, home)
    kind = chance.choice(WORDS["kind"])
    death = None
    if kind != "near_miss":
        death, who = new_id(), "mother" if kind == "maternal_death" else "newborn"
        await put(
            session, "death_review", id=death, case_id=case_id, who=who, died_at=died,
            opened_at=died, ruleset="test",
        )  # fmt: skip
        for step in WORDS["step"]:
            due = at(chance)
            done = chance.choice([None, due, due + timedelta(seconds=1), due - timedelta(days=2)])
            await put(
                session, "death_review_step", review_id=death, step=step, case_id=case_id,
                rule="test", due_at=due, reported_at=done, reported_by=done and death,
            )  # fmt: skip
            house = origin if step == "county_review" else receiver or origin
            said = {"who": who, "step": step, "done": done is not None}
            said["in_time"] = done is not None and done <= due
            if not drill and state != "voided" and (done or due <= YEAR.as_of):  # type: ignore[operator]
                told.add("death_steps", house, due, said)
    await reviews_of(session, told, case_id, death, kind, by)


async def reviews_of(
    session: AsyncSession,
    told: Stories,
    case_id: UUID,
    death: UUID | None,
    kind: str,
    by: Sequence[UUID],
) -> None:
    """At each level perhaps a review, and what follows from it."""
    chance = told.chance
    held = {level: chance.random() < 0.7 for level in WORDS["level"]}
    for level in WORDS["level"]:
        review, house, due, concluded = new_id(), told.house(), at(chance), at(chance)
        met = chance.choice([due, due + timedelta(seconds=1)])
        conclusion = chance.choice(WORDS["conclusion"])
        done = held[level]
        await put(
            session, "case_review", id=review, of_case_id=case_id, death_review_id=death,
            kind=kind, level=level, facility_id=house,
            region_id=await region_of(session, house), happened_at=due,
            state="concluded" if done else "open", proposed_at=due, due_at=due, rules="test",
            opened_by=by[0], opened_at=due, held_at=met if done else None,
            conclusion=conclusion if done else None, cause="x" if done else None,
            summary="x" if done else None, concluded_at=concluded if done else None,
            concluded_by=by[0] if done else None, simulated=False, demo=False,
        )  # fmt: skip
        decisive = death is None or level == "county" or not held["county"]
        said = {"kind": kind, "level": level, "conclusion": conclusion, "decisive": decisive}
        if done:
            told.add("reviews", house, concluded, said | {"in_time": met <= due})
        for _ in range(chance.randint(0, 2)):
            await a_measure(session, told, review, house, kind, by)


async def a_measure(
    session: AsyncSession,
    told: Stories,
    review: UUID,
    house: FacilityId,
    kind: str,
    by: Sequence[UUID],
) -> None:
    chance = told.chance
    due = chance.choice([date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2026, 6, 30)])
    midnight = datetime(due.year, due.month, due.day, tzinfo=CHINA)
    end = midnight + timedelta(days=1)
    done = chance.choice([end, end - timedelta(seconds=1)])
    state = chance.choice(["open", "done", "verified", "verified", "dropped"])
    told_done = state in ("done", "verified")
    ended = end if state in ("verified", "dropped") else None
    await put(
        session, "review_measure", id=new_id(), review_id=review, words="培训", owner_id=by[0],
        due_on=due, state=state, added_by=by[0], added_at=midnight,
        evidence="照片" if told_done else None, done_at=done if told_done else None,
        ended_at=ended, ended_by=ended and by[1],
    )  # fmt: skip
    verified = state == "verified"
    said = {"kind": kind, "dropped": state == "dropped", "verified": verified}
    if verified or end <= YEAR.as_of:  # type: ignore[operator]
        told.add("review_measures", house, midnight, said | {"in_time": verified and done < end})


async def a_course(session: AsyncSession, told: Stories) -> None:
    """A case on the chain: where she was, whether she nearly died or died, what else it is."""
    chance, opened, origin = told.chance, at(told.chance), told.house()
    steps: list[tuple[str, float, dict[str, Any]]] = []
    treating, outcome = origin, None
    for minute in range(chance.randrange(4)):
        kind = chance.choice(["leg.arrived", "leg.handed_over", "offer.accepted"])
        house = told.house()
        steps.append((kind, minute, {"facility_id": str(house)}))
        treating = treating if kind == "offer.accepted" else house
    for minute in range(10, 10 + chance.randrange(3)):
        kind = chance.choice(["near_miss.confirmed", "near_miss.rejected", "review.opened"])
        who = chance.choice(["mother", "mother", "newborn"])
        steps.append((kind, minute, {"who": who} if kind == "review.opened" else {}))
        if (kind, who) == ("review.opened", "mother"):
            outcome = "death"
        elif kind == "near_miss.confirmed":
            outcome = outcome or "near_miss"
    leaves = chance.choice([None] * 9 + ["drill", "back", "voided"])
    flags: dict[str | None, dict[str, Any]] = {
        "drill": {"drill": True},
        "back": {"direction": "back"},
    }
    request = flags.get(leaves, {})
    if leaves == "voided":
        steps.append(("referral.voided", 20, {}))
    place = Place(origin, told.homes[origin])
    await write_case(session, place, *steps, at=opened, request=request)
    if outcome and leaves is None:
        said = {"outcome": outcome, "near_misses": int(outcome == "near_miss")}
        told.add("severe_outcomes", treating, opened, said | {"deaths": int(outcome == "death")})
