"""As sent, and what changed since: a list of differences, newest first, with times and who."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from referral.models import NewbornFormRow, RecordRow
from referral.readmodel.dossier import Change
from registry.people.schemas import PersonRef
from registry.pregnancies.details import DetailEntry, covered

Person = Callable[[UUID | None], PersonRef | None]

_TOLD_APART = frozenset({"milestone", "milestone_note"})
"""Words beside a mark on the clock; the clock shows them."""

_COVERED = frozenset({"infection", "precautions"})
"""Minimum exposure: a list of changes says that it changed, the form says what it is."""


def of_record(
    rows: Iterable[RecordRow], names: frozenset[str], since: datetime, person: Person
) -> Iterator[Change]:
    """Fields of the mother's form, each against what stood there before."""
    known: dict[str, Any] = {}
    for row in rows:
        if row.kind not in ("first", "completion"):
            continue
        said = {name: value for name, value in row.data.items() if name in names}
        told = row.kind == "completion" and row.entered_at > since
        yield from _compared(
            known, _flat(said), row.at, row.entered_at, person(row.person_id), told
        )


def of_newborns(
    rows: Sequence[NewbornFormRow], since: datetime, person: Person
) -> Iterator[Change]:
    """Fields of the newborns' forms, child by child."""
    known: dict[int, dict[str, Any]] = {}
    for row in rows:
        told = row.entered_at > since
        by = person(row.person_id)
        before = known.setdefault(row.baby, {})
        for change in _compared(before, row.data, row.at, row.entered_at, by, told):
            change.kind, change.baby = "newborn", row.baby
            yield change


def of_identity(
    entries: Sequence[DetailEntry], since: datetime, person: Person
) -> Iterator[Change]:
    """Who she is; numbers keep their middle covered here, too."""
    known: dict[str, Any] = {}
    for entry in entries:
        values = dict(entry.values)
        if "id_number" in values:
            values["id_number"] = covered(values["id_number"])
        by, told = person(entry.person_id), entry.at > since
        for change in _compared(known, values, entry.at, entry.at, by, told):
            change.kind = "identity"
            yield change


def _compared(
    known: dict[str, Any],
    said: Mapping[str, Any],
    at: datetime,
    entered_at: datetime,
    by: PersonRef | None,
    told: bool,
) -> Iterator[Change]:
    for name, value in said.items():
        before = known.get(name)
        known[name] = value
        if not told or value is None or value == before or name in _TOLD_APART:
            continue
        shown = (None, None) if name in _COVERED else (before, value)
        yield Change(
            at=at,
            entered_at=entered_at,
            by=by,
            kind="record",
            baby=0,
            field=name,
            before=shown[0],
            after=shown[1],
        )


def _flat(said: Mapping[str, Any]) -> dict[str, Any]:
    """Vital signs one by one: `vitals.sbp`."""
    flat = {name: value for name, value in said.items() if name != "vitals"}
    for name, value in (said.get("vitals") or {}).items():
        if value is not None and name != "taken_at":
            flat[f"vitals.{name}"] = value
    return flat
