"""Pure: which person a name means, which lines of a file stand in each other's way."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

from duty.feeds.incoming.reading import Entry, Reading
from kernel.ids import PersonId
from registry.people.schemas import PersonRef

Objection = Literal["name_unknown", "name_ambiguous", "overlap"]


@dataclass(frozen=True, slots=True)
class Matched:
    """A line of the file, whom it means, and why it cannot be written."""

    entry: Entry
    person: PersonRef | None
    problem: Objection | None


def plain(name: str) -> str:
    """A name without spaces and width: 林 晓岚 and 林晓岚 are the same."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def matched(
    reading: Reading, staff: Iterable[PersonRef], explained: Mapping[str, PersonId]
) -> list[Matched]:
    """Every line with its person; what somebody explained before goes before the list of staff.

    A person whose name was explained but who works there no longer is unknown again.
    """
    by_id = {PersonId(one.id): one for one in staff}
    by_name: dict[str, list[PersonRef]] = {}
    for one in by_id.values():
        by_name.setdefault(plain(one.name), []).append(one)
    found: list[Matched] = []
    for entry in reading.entries:
        said = explained.get(plain(entry.name))
        people = [by_id[said]] if said in by_id else by_name.get(plain(entry.name), [])
        if len(people) == 1:
            found.append(Matched(entry, people[0], None))
        else:
            found.append(Matched(entry, None, "name_ambiguous" if people else "name_unknown"))
    return _apart(found)


def _apart(lines: Sequence[Matched]) -> list[Matched]:
    """Of two lines for one place at one time, the later in the file is objected to."""
    taken: dict[object, list[Entry]] = {}
    found = []
    for line in lines:
        if line.problem is None:
            others = taken.setdefault(line.entry.slot_id, [])
            if any(one.start < line.entry.end and line.entry.start < one.end for one in others):
                line = Matched(line.entry, line.person, "overlap")
            else:
                others.append(line.entry)
        found.append(line)
    return found


def digest(version: int, lines: Sequence[Matched], reading: Reading) -> str:
    """Names what a preview showed: the same file, names and draft give the same."""
    said = [
        version,
        [
            (line.entry, None if line.person is None else line.person.id, line.problem)
            for line in lines
        ],
        reading.troubles,
    ]
    return sha256(msgspec.json.encode(said)).hexdigest()
