"""Who may ask for, approve and end a change."""

from collections.abc import Collection

from duty.changes.repository import ChangeRow, OptionRow
from duty.changes.rules import ChangeRule
from duty.changes.states import Side
from kernel.errors import NotAllowed
from kernel.ids import FacilityId
from kernel.viewer import Role, Viewer


def works_at(viewer: Viewer, facility_id: FacilityId) -> bool:
    """A coordinator may be one for a region, an approver treats nobody: home counts for both."""
    return facility_id == viewer.facility_id or facility_id in viewer.facility_ids


def oversees(viewer: Viewer, facility_id: FacilityId) -> bool:
    """医务科 or the coordinator of the facility."""
    return viewer.has(Role.COORDINATOR, Role.MEDICAL_AFFAIRS) and works_at(viewer, facility_id)


def approves(viewer: Viewer, facility_id: FacilityId, offices: Collection[str]) -> bool:
    """One of the offices that the rule of the change names, at the facility."""
    return any(viewer.has(Role(one)) for one in offices) and works_at(viewer, facility_id)


def keeps(viewer: Viewer, facility_id: FacilityId) -> bool:
    """Whoever keeps the facility's roster: its duty desk or coordinator."""
    kept = viewer.has(Role.COORDINATOR, Role.DUTY_DESK) and works_at(viewer, facility_id)
    return kept or viewer.is_process


def may_ask(viewer: Viewer, kind: str, facility_id: FacilityId, *, holds: bool) -> None:
    """The holder asks; for somebody on leave the desk may look for a substitute.

    Raises:
        NotAllowed: with the reason.
    """
    if holds or (kind == "substitute" and keeps(viewer, facility_id)):
        return
    raise NotAllowed(reason="not_your_shift")


def sides(
    viewer: Viewer, row: ChangeRow, options: list[OptionRow], rule: ChangeRule
) -> frozenset[Side]:
    """On which sides of a change the viewer stands."""
    found = set()
    if viewer.person_id in (row.requested_by, row.holder_id):
        found.add(Side.REQUESTER)
    waiting = row.taken_option is None
    if any(
        one.person_id == viewer.person_id
        and (one.answer == "waiting" if waiting else one.no == row.taken_option)
        for one in options
    ):
        found.add(Side.COLLEAGUE)
    if keeps(viewer, row.facility_id):
        found.add(Side.DESK)
    if approves(viewer, row.facility_id, rule.approvers) and not _party(viewer, row, options):
        found.add(Side.APPROVER)
    return frozenset(found)


def may_decide(viewer: Viewer, row: ChangeRow, options: list[OptionRow], rule: ChangeRule) -> None:
    """The offices that the change's own rule names; nobody approves a change of their own.

    Raises:
        NotAllowed: with the reason.
    """
    if not approves(viewer, row.facility_id, rule.approvers):
        raise NotAllowed(reason="approver_role_needed")
    if _party(viewer, row, options):
        raise NotAllowed(reason="own_change")


def may_end(viewer: Viewer, row: ChangeRow) -> None:
    """The desk, the coordinator or 医务科 ends what its own people can end no more.

    Raises:
        NotAllowed: with the reason.
    """
    if not (keeps(viewer, row.facility_id) or oversees(viewer, row.facility_id)):
        raise NotAllowed(reason="roster_role_needed")


def _party(viewer: Viewer, row: ChangeRow, options: list[OptionRow]) -> bool:
    chosen = {one.person_id for one in options if one.no == row.taken_option}
    return viewer.person_id in {row.requested_by, row.holder_id} | chosen
