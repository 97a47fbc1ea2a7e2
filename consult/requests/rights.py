"""Which side of a consultation a viewer stands on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from consult.requests.errors import AskingHouseOnly, InvitedOnly
from consult.requests.states import (
    CONSULT,
    INVITATION,
    OPEN,
    ConsultAction,
    ConsultParty,
    ConsultState,
    InvitationAction,
    InvitationState,
)
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

_SPOKEN_FOR = (ConsultAction.ACCEPT, ConsultAction.REOPEN, ConsultAction.AGREE_TIME)
"""Steps that belong to an invitation or a proposal, which lists them itself."""


def asks(viewer: Viewer, row: Row[Any]) -> bool:
    """Works at the house that asks."""
    return viewer.has(*CLINICAL_ROLES) and row.facility_id in viewer.facility_ids


def is_invited(viewer: Viewer, invitation: Row[Any]) -> bool:
    """An expert of the house that this invitation names; a colleague may answer for an expert."""
    return viewer.has(Role.EXPERT) and invitation.facility_id in viewer.facility_ids


def attends(viewer: Viewer, invitations: Sequence[Row[Any]]) -> bool:
    """An expert of a house that has said yes."""
    return any(
        one.state == InvitationState.ACCEPTED and is_invited(viewer, one) for one in invitations
    )


def must_ask(viewer: Viewer, row: Row[Any]) -> None:
    """Let those at the bedside's house; raises `AskingHouseOnly`."""
    if not asks(viewer, row):
        raise AskingHouseOnly()


def must_be_invited(viewer: Viewer, invitation: Row[Any]) -> None:
    """Let experts of the invited house; raises `InvitedOnly`."""
    if not is_invited(viewer, invitation):
        raise InvitedOnly()


def must_take_part(viewer: Viewer, row: Row[Any], invitations: Sequence[Row[Any]]) -> None:
    """Let either side that is still in it; raises `InvitedOnly`."""
    live = (InvitationState.INVITED, InvitationState.ACCEPTED)
    if asks(viewer, row):
        return
    if not any(one.state in live and is_invited(viewer, one) for one in invitations):
        raise InvitedOnly()


def must_attend(viewer: Viewer, row: Row[Any], invitations: Sequence[Row[Any]]) -> None:
    """Let the asking house and those who said yes; raises `InvitedOnly`."""
    if not asks(viewer, row) and not attends(viewer, invitations):
        raise InvitedOnly()


def allowed(viewer: Viewer, row: Row[Any], invitations: Sequence[Row[Any]]) -> list[str]:
    """What this viewer may do with the consultation as a whole, in the order of the table."""
    state = ConsultState(row.state)
    found: list[ConsultAction] = []
    if asks(viewer, row):
        found += CONSULT.actions(state, ConsultParty.ASKER)
    if attends(viewer, invitations):
        found += CONSULT.actions(state, ConsultParty.INVITED)
    elif any(
        one.state == InvitationState.INVITED and is_invited(viewer, one) for one in invitations
    ):
        found += [one for one in CONSULT.actions(state) if one is ConsultAction.PROPOSE]
    return [str(one) for one in dict.fromkeys(found) if one not in _SPOKEN_FOR]


def allowed_with(viewer: Viewer, row: Row[Any], invitation: Row[Any]) -> list[str]:
    """What this viewer may do with one invitation."""
    if not is_invited(viewer, invitation):
        return []
    state = InvitationState(invitation.state)
    actions = INVITATION.actions(state, ConsultParty.INVITED)
    if ConsultState(row.state) not in OPEN:
        actions = [one for one in actions if one is InvitationAction.SEEN]
    return [str(one) for one in actions]
