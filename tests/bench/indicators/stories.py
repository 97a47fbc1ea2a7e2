"""The year's cases, drawn by chance from a seed: what happened in each, as rows of the chain.

Nothing here is real, and the shares are chosen to exercise every indicator (late entries, undone
order, amendments, drills, voided cases), not to resemble a province. Hashes of the chain are
zeros: no indicator reads them, and this is no test of the chain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal
from uuid import UUID

import msgspec

from tests.bench.indicators.province import House, Province

Json = Mapping[str, object]
NULL: Final = "\\N"
ZEROS: Final = "\\\\x" + "00" * 32
ACUITIES: Final = ("stable", "critical", "resuscitation")
COLOURS: Final = ("yellow", "orange", "red")
CONDITIONS: Final = ("pph", "eclampsia", "cord_prolapse", None)
ROOMS: Final = ("delivery_room", "theatre", "ward", "emergency_department", None)
ANAESTHESIA: Final = ("general", "spinal", "epidural_top_up", None)
REPORTS: Final = 7
"""Events of a journey that are no milestone."""


@dataclass(slots=True)
class Story:
    """Rows of one case: its events, who is party to it, and whether she nearly died, or died."""

    id: UUID
    origin: House
    opened_at: datetime
    events: list[str] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    receiver: UUID | None = None
    drill: bool = False
    voided: bool = False
    severe: Literal["near_miss", "death"] | None = None
    severe_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.severe_at = self.opened_at

    def tell(
        self, kind: str, at: datetime, payload: Json, occurred_at: datetime | None = None
    ) -> int:
        """Add an event; its number."""
        seq = len(self.events) + 1
        said = msgspec.json.encode(payload).hex()
        self.events.append(
            f"{self.id}\t{seq}\t{kind}\thuman\tf\t{NULL}\t{self.origin.id}\t\\\\x{said}"
            f"\t{NULL if occurred_at is None else occurred_at.isoformat()}\t{at.isoformat()}"
            f"\t{ZEROS}\t{ZEROS}\n"
        )
        return seq

    def party(self, house: UUID, role: str, region: UUID | None = None) -> None:
        """Add a party."""
        self.parties.append(f"{self.id}\t{house}\t{region or NULL}\t{role}\n")


EVENT_COLUMNS: Final = (
    "case_id", "seq", "kind", "source", "auto", "actor", "facility", "payload", "occurred_at",
    "recv_at", "prev", "hash",
)  # fmt: skip
PARTY_COLUMNS: Final = ("case_id", "facility_id", "region_id", "role")


def id_at(at: datetime, dice: Random) -> UUID:
    """A UUIDv7 of that moment (RFC 9562, 5.7)."""
    ms, rest = int(at.timestamp() * 1000), dice.getrandbits(74)
    return UUID(int=ms << 80 | 7 << 76 | (rest >> 62) << 64 | 2 << 62 | (rest & 0x3FFFFFFFFFFFFFFF))


def stories(province: Province, start: datetime, count: int, seed: int) -> Iterator[Story]:
    """`count` transfers over a year, in order of time; consultations that they ask for follow."""
    dice = Random(seed)
    houses = province.houses[1:]
    weights = [house.weight for house in houses]
    year_s = 365 * 86_400
    for n in range(count):
        opened = start + timedelta(seconds=year_s * n / count + dice.random() * 60)
        (origin,) = dice.choices(houses, weights)
        yield from _transfer(province, origin, opened, dice)


def _transfer(province: Province, origin: House, opened: datetime, dice: Random) -> Iterator[Story]:
    story = Story(id_at(opened, dice), origin, opened)
    story.party(origin.id, "origin", origin.region)
    said: dict[str, object] = {
        "origin_facility": str(origin.id),
        "acuity": dice.choice(ACUITIES),
        "condition": dice.choice(CONDITIONS),
    }
    if dice.random() < 0.8:
        said["risk_colour"] = dice.choice(COLOURS)
    if dice.random() < 0.02:
        said["drill"] = story.drill = True
    if dice.random() < 0.03:
        said["direction"] = "back"
    arrives = dice.random() < 0.05
    story.tell("referral.self_arrival" if arrives else "referral.requested", opened, said)
    at = opened
    if not arrives:
        at = _journey(story, province, opened, dice)
    if dice.random() < 0.35:
        at = _caesarean(story, at, dice)
    if dice.random() < 0.1:
        at = _after(at, dice, 3)
        story.tell("milestone.blood_requested", at, {})
        at = _after(at, dice, 25)
        story.tell("milestone.blood_arrived", at, {})
    if dice.random() < 0.1:
        at = _after(at, dice, 5)
        told = {"centre_facility": str(origin.upper), "institution_facility": str(origin.id)}
        story.tell("guidance.session", at, told)
    _severe(story, at, dice)
    other = _consult(story, at, dice) if dice.random() < 0.08 else None
    story.tell("referral.closed", at + timedelta(hours=dice.uniform(4, 90)), {"outcome": "home"})
    if dice.random() < 0.01:
        story.voided = True
        story.tell("referral.voided", at + timedelta(hours=95), {"reason": "登记有误"})
    elif dice.random() < 0.02:
        _amend(story, opened, dice)
    yield story
    if other is not None:
        yield other


def _severe(story: Story, at: datetime, dice: Random) -> None:
    """One in fifty nearly dies, and one in forty of these dies."""
    if dice.random() > 0.02:
        return
    story.severe, story.severe_at = "near_miss", _after(at, dice, 60)
    story.tell("near_miss.confirmed", story.severe_at, {"criteria": ["shock"]})
    if dice.random() < 0.025:
        story.severe = "death"
        story.tell("review.opened", _after(story.severe_at, dice, 60), {"who": "mother"})


def _journey(story: Story, province: Province, opened: datetime, dice: Random) -> datetime:
    receiver = story.origin.upper if dice.random() < 0.85 else province.centre
    at = _after(opened, dice, 0.2)
    story.tell("page.sent", at, {"rung": 0})
    for _ in range(2):
        story.tell("offer.delivered", _after(at, dice, 0.3), {})
    at = _after(at, dice, 1.5)
    story.tell("page.acknowledged", at, {})
    at = _after(at, dice, 2)
    story.tell("offer.acknowledged", at, {})
    if dice.random() < 0.06:
        story.tell("offer.declined", at, {"code": "no_bed"})
        return at
    at = _after(at, dice, 5)
    told = {"facility_id": str(receiver)}
    story.tell("offer.accepted", at, told, None)
    story.party(receiver, "receiver")
    story.receiver = receiver
    story.tell("referral.committed", _after(at, dice, 1), told)
    at = _after(at, dice, 22)
    story.tell("leg.departed", *_entered(at, dice))
    for n in range(REPORTS):
        story.tell("leg.reported", at + timedelta(minutes=4 * n), {"no": n, "eta_min": 30 - 4 * n})
    at = _after(at, dice, 45)
    at_, said, occurred = _entered(at, dice)
    story.tell("leg.arrived", at_, {**said, **told}, occurred)
    story.tell("leg.handed_over", _after(at, dice, 9), told)
    return at


def _caesarean(story: Story, at: datetime, dice: Random) -> datetime:
    at = _after(at, dice, 30)
    decided: dict[str, object] = {"urgency_class": dice.choice((1, 2, 2, 3))}
    for name, words in (("place", ROOMS), ("anaesthesia", ANAESTHESIA)):
        word = dice.choice(words)
        if word is not None:
            decided[name] = word
    story.tell("milestone.decision_for_cs", at, decided)
    for name, minutes in (("theatre_entered", 8), ("anaesthesia_started", 5), ("incision", 6)):
        at = _after(at, dice, minutes)
        story.tell(f"milestone.{name}", at, {})
    # A clock at the other bed: one birth in a hundred stands before its decision.
    at = at - timedelta(hours=2) if dice.random() < 0.01 else _after(at, dice, 6)
    story.tell("milestone.birth", *_entered(at, dice))
    return at


def _consult(story: Story, at: datetime, dice: Random) -> Story:
    other = Story(id_at(at, dice), story.origin, at)
    other.party(story.origin.id, "origin", story.origin.region)
    asked: dict[str, object] = {"urgency": dice.choice(("urgent", "routine"))}
    other.tell("consult.asked", at, asked)
    story.tell("consult.asked", at, {**asked, "consult_id": str(other.id)})
    done = {"outcome": "not_held" if dice.random() < 0.1 else "advised"}
    at = _after(at, dice, 40)
    other.tell("consult.concluded", at, done)
    story.tell("consult.concluded", at, {**done, "consult_id": str(other.id)})
    return other


def _amend(story: Story, opened: datetime, dice: Random) -> None:
    """Somebody corrects a time, checked by a second person."""
    seq = dice.randint(2, min(6, len(story.events)))
    body: dict[str, object] = {
        "case_id": str(story.id),
        "seq": seq,
        "reason": "时间登记有误",
        "second_person": str(UUID(int=1)),
        "set": {},
        "occurred_at": (opened + timedelta(minutes=dice.randint(1, 20))).isoformat(),
    }
    story.tell("amend", opened + timedelta(hours=97), body)


def _after(at: datetime, dice: Random, minutes: float) -> datetime:
    return at + timedelta(minutes=dice.expovariate(1 / minutes))


def _entered(at: datetime, dice: Random) -> tuple[datetime, Json, datetime | None]:
    """Three in a hundred are entered hours later, with the reason."""
    if dice.random() < 0.03:
        return at + timedelta(hours=3), {"late_reason": "断网补录"}, at
    return at, {}, None
