"""Where a viewer stands to a round or an entry, and what may be done from there."""

from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain, parties
from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.parties import PartyRole
from kernel.states import StateTable
from kernel.viewer import Viewer
from quality.rounds.errors import OtherSide, StepMoved
from quality.rounds.states import ENTRY, ROUND, EntryAction, EntryState, RoundState, Side

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


def side_of(row: Row[Any]) -> Side | None:
    """The viewer's side of an entry that `store` has read; None: only looks."""
    if row.owned:
        return Side.OWNER
    if row.citywide:
        return Side.CITY
    if row.overseen:
        return Side.COUNTY
    return Side.CENTRE if row.answers else None


def step(
    table: StateTable[S, A, Side], row: Row[Any], side: Side | None, version: int | None, action: A
) -> S:
    """The state that `action` leads to.

    Raises:
        StepMoved: the table has no such edge, or the viewer looked at an older version.
        OtherSide: the step is another side's.
    """
    state = type(table.initial)(row.state)
    if action not in table.actions(state) or version not in (None, row.version):
        raise StepMoved(state=row.state, action=str(action))
    if side is None or action not in table.actions(state, side):
        raise OtherSide(action=str(action))
    return table.edge(state, action).to


def allowed(row: Row[Any]) -> list[str]:
    """What the viewer may do with an entry, in the order of the table."""
    side = side_of(row)
    if side is None:
        return []
    return [str(one) for one in ENTRY.actions(EntryState(row.state), side)]


def allowed_in_round(row: Row[Any]) -> list[str]:
    """What the viewer may do with a round."""
    if not row.owned:
        return []
    return [str(one) for one in ROUND.actions(RoundState(row.state), Side.OWNER)]


async def say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    chain_of: CaseId,
    kind: str,
    facts: dict[str, object],
) -> None:
    """Append to an entry's or a visit's chain; who acts on it becomes party to it.

    Payloads hold ids, codes and hashes: neither words nor points, which not every party may read.
    """
    if not viewer.is_process:
        await parties.add_person(session, chain_of, viewer.person_id, PartyRole.COORDINATOR)
    await chain.append(session, clock, chain_of, kind, viewer=viewer, payload=facts)


def entry_step(row: Row[Any], version: int | None, action: EntryAction) -> EntryState:
    """The state that an entry's `action` leads to for this viewer."""
    return step(ENTRY, row, side_of(row), version, action)
