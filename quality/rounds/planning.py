"""Commands on rounds: plan one, let self-checks begin, call it off, close it."""

from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.errors import BadInput, NotAllowed
from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from quality.frozen import periods
from quality.repository import Scope
from quality.rounds import items, store
from quality.rounds.errors import DayPassed, EntriesOpen, NothingToAssess, RoundStands
from quality.rounds.plan import Plan, canonical, digest_of
from quality.rounds.schemas import Figures, RoundPlan, RoundStep
from quality.rounds.sides import entry_step, say, step
from quality.rounds.states import ROUND, EntryAction, EntryState, RoundAction, Side
from quality.rulebook import versions as rulebook
from registry.facilities.rules import local_date


async def plan(session: AsyncSession, clock: Clock, viewer: Viewer, wanted: RoundPlan) -> UUID:
    """Plan a round over a closed period; every rescue centre of the region has an entry in it.

    Raises:
        NotAllowed: the region is not the viewer's to oversee.
        NotFound: there is no such period.
        DayPassed, BadInput, ItemUnknown: the plan makes no sense.
        NothingToAssess: the period holds no centre of the region.
        RoundStands: the period is being assessed already.
    """
    if wanted.region_id not in {id_ for id_, _ in await periods.overseen(session)}:
        raise NotAllowed(reason="round_of_own_region")
    period = await periods.get(session, wanted.period_id)
    _check_days(wanted, local_date(clock.now()))
    known = await items.offered(session, period.id)
    book = await rulebook.round_rules(session)
    rules = book.at(wanted.region_id, local_date(clock.now()))
    made = Plan(rules.label, items.planned(wanted.items, known, rules.content))
    centres = await store.centres(session, period.id, wanted.region_id)
    if not centres:
        raise NothingToAssess()
    round_id, at = new_id(), clock.now()
    values = {
        "id": round_id,
        "region_id": wanted.region_id,
        "freeze_id": period.id,
        "title": wanted.title,
        "self_check_by": wanted.self_check_by,
        "assess_by": wanted.assess_by,
        "rules": made.rules,
        "content": canonical(made).decode(),
        "digest": digest_of(made),
        "by": viewer.person_id,
        "at": at,
    }
    try:
        await store.add_round(session, values)
    except IntegrityError as error:
        if constraint_of(error) == "ux_assessment_round_live":
            raise RoundStands() from error
        raise
    for facility_id, region_id in centres:
        entry = {"id": new_id(), "round_id": round_id, "facility_id": facility_id}
        await store.add_entry(session, entry | {"region_id": region_id})
        case_id = CaseId(entry["id"])
        await parties.add_person(session, case_id, viewer.person_id, PartyRole.COORDINATOR)
        await parties.add_facility(
            session, case_id, FacilityId(facility_id), PartyRole.ORIGIN, RegionId(region_id)
        )
        facts: dict[str, object] = {
            "round_id": round_id,
            "facility_id": facility_id,
            "period_id": period.id,
            "rules": made.rules,
            "plan_sha256": digest_of(made).hex(),
        }
        await say(session, clock, viewer, case_id, "assessment.planned", facts)
    return round_id


def _check_days(wanted: RoundPlan, today: date) -> None:
    for name in ("self_check_by", "assess_by"):
        if getattr(wanted, name) < today:
            raise DayPassed(field=name)
    if wanted.assess_by <= wanted.self_check_by:
        reason = "评估截止日须晚于自查截止日 / assessment ends after the self-check"
        raise BadInput(field="assess_by", reason=reason)


async def open_(
    session: AsyncSession, clock: Clock, viewer: Viewer, round_id: UUID, order: RoundStep
) -> None:
    """Fill every centre's figures from the frozen period and let self-checks begin.

    Raises:
        NotFound: unknown or foreign.
        StepMoved: it is not planned any more.
    """
    row = await store.locked_round(session, round_id)
    to = step(ROUND, row, Side.OWNER, order.version, RoundAction.OPEN)
    entries = await store.entries(session, [row.id])
    scope = Scope(row.starts_at, row.ends_at, frozen=row.freeze_id)
    made = store.plan_of(row)
    centres = [one.facility_id for one in entries]
    found = await items.figures(session, made, scope, centres)
    await store.move_round(session, row, to, clock.now())
    for entry in entries:
        opened = entry_step(entry, None, EntryAction.OPEN)
        told: dict[str, Figures] = {}
        for item, figures in found[entry.facility_id]:
            assert item.version_id is not None  # noqa: S101  (it is an indicator)
            await store.fill(session, entry.id, item.code, item.version_id, figures)
            told[item.code] = figures
        await store.move(session, entry, opened)
        facts: dict[str, object] = {
            "figures_sha256": digest_of(told).hex(),
            "due": row.self_check_by,
        }
        await say(session, clock, viewer, CaseId(entry.id), "assessment.self_check_opened", facts)


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, round_id: UUID, order: RoundStep
) -> None:
    """Call a round off before it begins; the period may be planned anew."""
    row = await store.locked_round(session, round_id)
    to = step(ROUND, row, Side.OWNER, order.version, RoundAction.CANCEL)
    await store.move_round(session, row, to, clock.now())
    for entry in await store.entries(session, [row.id]):
        await store.move(session, entry, entry_step(entry, None, EntryAction.CANCEL))
        await say(session, clock, viewer, CaseId(entry.id), "assessment.cancelled", {})


async def close(
    session: AsyncSession, clock: Clock, viewer: Viewer, round_id: UUID, order: RoundStep
) -> None:
    """The round is over.

    Raises:
        EntriesOpen: a centre's entry is not closed.
    """
    row = await store.locked_round(session, round_id)
    to = step(ROUND, row, Side.OWNER, order.version, RoundAction.CLOSE)
    left = [one for one in await store.entries(session, [row.id]) if one.state != EntryState.CLOSED]
    if left:
        raise EntriesOpen(entries=len(left))
    await store.move_round(session, row, to, clock.now())
