"""A rescue in place as it is shown: who leads and led, the looks at moving her, the team coming."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.ids import FacilityId, PersonId
from kernel.sealing import Sealer
from referral.models import TEAM_PHONE, TeamReportRow, TeamRow
from referral.queries.parts import place_of
from referral.readmodel.parts import Guidance, GuidanceEntry, Member, TeamReport, TravellingTeam
from referral.rules.timers import TIMERS
from registry.facilities.schemas import FacilityRef

if TYPE_CHECKING:
    from referral.queries.case import Stored

LOOKS = ("begun", "continue")
"""Entries after which the next look is due in so many minutes."""


def people_in(entries: Sequence[Any], reports: Sequence[TeamReportRow]) -> set[PersonId]:
    """Everybody whose name a rescue in place shows beyond the case's own."""
    named = {entry.data.get("person_id") for entry in entries if entry.kind == "guidance"}
    return {PersonId(UUID(str(id_))) for id_ in named if id_} | {
        PersonId(report.person_id) for report in reports
    }


def guidance(
    stored: "Stored", sealer: Sealer, places: Mapping[FacilityId, FacilityRef]
) -> Guidance | None:
    """Why she cannot be moved, who leads, what was decided at each look, who is coming."""
    row = stored.case.referral
    if row.guided_since is None:
        return None
    entries = [entry for entry in stored.record if entry.kind == "guidance"]
    begun = [entry for entry in entries if entry.data.get("what") == "begun"]
    return Guidance(
        reason=begun[-1].data.get("text", "") if begun else "",
        remote_lead=stored.person(row.remote_lead_id),
        lead_facility=(
            None if row.lead_facility_id is None else place_of(stored, row.lead_facility_id)
        ),
        team_travelling=row.team_travelling,
        since=row.guided_since,
        review_due_at=_next_look(entries) if row.state == "guided_in_place" else None,
        ended_at=row.guided_ended_at,
        entries=[_entry(stored, entry) for entry in entries],
        teams=[_team(stored, team, sealer, places) for team in stored.teams],
    )


def _next_look(entries: Sequence[Any]) -> datetime | None:
    """From the last look, whatever the alarms have done since: an overdue look stays overdue."""
    looks = [entry.entered_at for entry in entries if entry.data.get("what") in LOOKS]
    return looks[-1] + TIMERS["guidance_review"] if looks else None


def _entry(stored: "Stored", entry: Any) -> GuidanceEntry:
    lead = entry.data.get("person_id")
    return GuidanceEntry(
        what=entry.data.get("what", "continue"),
        at=entry.at,
        text=entry.data.get("text") or "",
        by=stored.person(entry.person_id),
        lead=None if lead is None else stored.person(UUID(str(lead))),
    )


def _team(
    stored: "Stored", team: TeamRow, sealer: Sealer, places: Mapping[FacilityId, FacilityRef]
) -> TravellingTeam:
    return TravellingTeam(
        id=team.id,
        facility=places[FacilityId(team.facility_id)],
        members=[Member(name=one["name"], post=one["post"]) for one in team.members],
        phone=sealer.open(team.phone_sealed, TEAM_PHONE),
        state=team.state,  # type: ignore[arg-type]
        eta=team.eta,
        named_at=team.named_at,
        departed_at=team.departed_at,
        arrived_at=team.arrived_at,
        reports=[
            TeamReport(
                what=report.what,  # type: ignore[arg-type]
                at=report.at,
                entered_at=report.entered_at,
                place=report.place,
                lat=report.lat,
                lon=report.lon,
                eta=report.eta,
                by=stored.person(report.person_id),
            )
            for report in stored.team_reports
            if report.team_id == team.id
        ],
    )
