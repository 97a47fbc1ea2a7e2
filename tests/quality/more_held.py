"""Registrations, drills, minutes and counts of beds by chance, and what is known of them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from tests.quality.more import KINDS, WORDS, YEAR, Stories, at, put


async def a_registration(session: AsyncSession, told: Stories, by: UUID) -> None:
    """A pregnancy, her grades one after the other, perhaps a case file."""
    chance, id_, when, house = told.chance, new_id(), at(told.chance), told.house()
    await put(
        session, "patient", id=id_, facility_id=house, name_sealed="\\x00",
        name_index="\\x" + "00" * 32, birth_date_exact=True, demo=False, created_at=when,
        created_by=by,
    )  # fmt: skip
    await put(
        session, "pregnancy", id=id_, patient_id=id_, facility_id=house, created_at=when,
        created_by=by,
    )  # fmt: skip
    decided: dict[str, tuple[str | None, bool | None]] = {}
    for no in range(chance.randrange(4)):
        kind = chance.choice(["screening", "assessment"])
        status = chance.choice(["proposed", "confirmed", "overridden"])
        colour = chance.choice(WORDS["colour"]) if kind == "assessment" else None
        colour = colour or ("yellow" if status == "overridden" else None)
        purple = chance.choice([True, False, None])
        await put(
            session, "risk_grade", id=new_id(), pregnancy_id=id_, facility_id=house, kind=kind,
            status=status, variant="national", version="1", facts={}, fired=[], unknown=[],
            not_done=[], outcome="graded" if kind == "assessment" else "positive", colour=colour,
            purple=purple, at=when + timedelta(days=no), person_id=by, reason="复核",
        )  # fmt: skip
        if status != "proposed":
            decided[kind] = colour, purple
    state = chance.choice([None, "opened", "voided"])
    if state is not None:
        file_id = await _of(session, house, told.homes[house])
        await put(
            session, "case_file", id=file_id, number=f"F{id_.hex}", state=state, version=1,
            patient_id=id_, pregnancy_id=id_, purple=False, reason="manual", facility_id=house,
            region_id=told.homes[house], owner_id=by, opened_at=when, graded_at=when,
            rules_version="1", demo=False, simulated=False,
            ended_at=when if state == "voided" else None,
        )  # fmt: skip
    colour, purple = decided.get("assessment") or decided.get("screening") or (None, None)
    high = colour in ("orange", "pink", "red", "critical") or purple is True
    said = {
        "assessed": bool(decided),
        "colour": colour,
        "purple": purple,
        "at_high_risk": high if decided else None,
        "has_file": state == "opened",
    }
    told.add("pregnancies", house, when, said)


async def _of(session: AsyncSession, house: FacilityId, region: RegionId) -> UUID:
    """The id of a chain that a house has begun."""
    chain = new_id()
    await add_facility(session, CaseId(chain), house, PartyRole.ORIGIN, region)
    return chain


async def what_was_held(session: AsyncSession, told: Stories, by: UUID) -> None:
    """A drill, a return and a count of beds."""
    chance, house = told.chance, told.house()
    begun, state = (
        at(chance),
        chance.choice(["planned", "running", "over", "debriefed", "cancelled"]),
    )
    has_begun, has_ended = state not in ("planned", "cancelled"), state in ("over", "debriefed")
    kind, scenario = chance.choice(KINDS["exercises"]), chance.choice(WORDS["scenario"])
    done = begun if state == "debriefed" else None
    drill_id = await _of(session, house, told.homes[house])
    await put(
        session, "quality_exercise", id=drill_id, kind=kind, scenario=scenario, title="演练",
        facility_id=house, region_id=told.homes[house], state=state, planned_by=by,
        entered_at=begun, planned_at=begun, begun_at=begun if has_begun else None,
        ended_at=begun if has_ended else None, people=[], debrief=done and "复盘", version=1,
        debriefed_by=done and by, debriefed_at=done,
    )  # fmt: skip
    if has_ended:
        said = {"kind": kind, "scenario": scenario, "debriefed": state == "debriefed"}
        told.add("exercises", house, begun, said)
    handed, state = at(chance), chance.choice(["draft", "submitted", "submitted", "withdrawn"])
    form, sent = chance.choice(WORDS["form"]), handed if state == "submitted" else None
    return_id = await _of(session, house, told.homes[house])
    await put(
        session, "quality_return", id=return_id, form=form, form_version="1", facility_id=house,
        region_id=told.homes[house], period="2026-H1", period_first=date(2026, 1, 1),
        period_last=date(2026, 6, 30), many=True, state=state, opened_by=by, opened_at=handed,
        submitted_by=sent and by, submitted_at=sent, version=1,
    )  # fmt: skip
    if sent:
        told.add("handed_in", house, sent, {"form": form})


async def beds(session: AsyncSession, told: Stories, by: UUID) -> None:
    """Houses count their beds again and again; the newest total before the end counts."""
    chance = told.chance
    newest: dict[tuple[FacilityId, str], tuple[datetime, int]] = {}
    for _ in range(20):
        house, kind, when = told.house(), chance.choice(KINDS["bed_counts"]), at(chance)
        total = chance.choice([None, chance.randrange(9)])
        await put(
            session, "resource_report", id=new_id(), facility_id=house, kind=kind, subkey="",
            total=total, free=0, cause="counted", source="human", person_id=by, reported_at=when,
            recv_at=when,
        )  # fmt: skip
        if total is not None and when < YEAR.end:
            held = newest.get((house, kind))
            if held is None or when >= held[0]:
                newest[house, kind] = when, total
    for (house, kind), (_, total) in newest.items():
        last = YEAR.end - timedelta(seconds=1)
        told.add("bed_counts", house, last, {"kind": kind, "beds": total, "houses": 1})
