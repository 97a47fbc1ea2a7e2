"""An expert team travels to her: who comes, how to reach them, where they are."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_case import ReportTeam, SendTeam
from referral.errors import DestinationUnknown, WrongMoment
from referral.models import TEAM_PHONE, TeamReportRow, TeamRow
from referral.repository import CaseRepository
from referral.service.ask import tell
from referral.service.complete import must_treat
from referral.service.desk import Desk, at_desk
from referral.states import ReferralState
from registry.facilities import queries as facilities

_AFTER: Mapping[str, frozenset[str]] = {
    "departed": frozenset({"named"}),
    "position": frozenset({"departed"}),
    "arrived": frozenset({"named", "departed"}),
    "stood_down": frozenset({"named", "departed", "arrived"}),
}
"""In which state of the team each report makes sense."""


async def send_team(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: SendTeam,
) -> CaseId:
    """Name the team, its phone and where it comes from (the lead's centre, unless said).

    Raises:
        DestinationUnknown: there is no such facility.
        WrongMoment: she is not being rescued in place.
    """
    async with _beside(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        home = order.facility_id or case.lead_facility_id or viewer.facility_id
        if not await facilities.get_many(session, [FacilityId(home)]):
            raise DestinationUnknown(facility_id=str(home))
        case.team_travelling = True
        row = TeamRow(
            id=new_id(),
            case_id=desk.case_id,
            facility_id=home,
            members=msgspec.to_builtins(order.members),
            phone_sealed=sealer.seal(order.phone.strip(), TEAM_PHONE),
            state="named",
            named_by=viewer.person_id,
            named_at=desk.at,
            eta=order.eta,
        )
        session.add(row)
        await session.flush()  # the report names the team
        _note(desk, row, "named")
        facts = {"team_id": row.id, "facility_id": home, "members": len(order.members)}
        await desk.write("guidance.team_named", {**facts, "eta": order.eta})
        await tell(desk, "guidance.team_named", [case.origin_id, home], facts)
    return desk.case_id


async def report_team(
    session: AsyncSession, clock: Clock, viewer: Viewer, team_id: UUID, order: ReportTeam
) -> CaseId:
    """Departed, where we are, arrived, stood down; every screen follows.

    Raises:
        NotFound: unknown or foreign.
        WrongMoment: not in this state of the team, or of the case.
    """
    case_id = await CaseRepository(session, viewer).case_of(TeamRow, team_id)
    async with _beside(session, clock, viewer, case_id, order) as desk:
        row = await session.get_one(TeamRow, team_id, populate_existing=True)
        if row.state not in _AFTER[order.what]:
            raise WrongMoment(machine="guidance_team", action=order.what)
        match order.what:
            case "departed":
                row.state, row.departed_at = "departed", desk.at
            case "arrived":
                row.state, row.arrived_at = "arrived", desk.at
            case "stood_down":
                row.state, row.ended_at = "stood_down", desk.at
        row.eta = order.eta or row.eta
        _note(desk, row, order.what, order)
        facts = {"team_id": row.id, "eta": row.eta}
        kind = f"guidance.team_{order.what}"
        await desk.write(kind, facts)
        if order.what != "position":
            await tell(desk, kind, [desk.rows.referral.origin_id], facts)
    return desk.case_id


@asynccontextmanager
async def _beside(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: SendTeam | ReportTeam
) -> AsyncIterator[Desk]:
    """The desk of a rescue in place; what a team reports makes no open page stale."""
    act = Act(version=0, event_at=order.at, late_reason=order.late_reason)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        must_treat(desk, "team")
        if desk.rows.referral.state != ReferralState.GUIDED_IN_PLACE:
            raise WrongMoment(machine="referral", action="team")
        yield desk


def _note(desk: Desk, row: TeamRow, what: str, order: ReportTeam | None = None) -> None:
    whole = order is not None and order.lat is not None and order.lon is not None
    desk.session.add(
        TeamReportRow(
            id=new_id(),
            team_id=row.id,
            case_id=desk.case_id,
            what=what,
            at=desk.at,
            entered_at=desk.moment.entered_at,
            person_id=desk.viewer.person_id,
            place=order and order.place,
            lat=order.lat if order is not None and whole else None,
            lon=order.lon if order is not None and whole else None,
            eta=row.eta,
        )
    )
