"""Pure: when a point is tested, when it has gone stale, and the rules of codes."""

import tomllib
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

Standing = Literal["ok", "unverified", "stale"]


class CodeRule(msgspec.Struct, frozen=True):
    """How often a code is sent, how long it lives, how often one may guess."""

    wait_s: int
    per_day: int
    lives_s: int
    guesses: int


class LinkRule(msgspec.Struct, frozen=True):
    """How long the link of a message opens."""

    lives_s: int


class TestRule(msgspec.Struct, frozen=True):
    """The monthly test and what becomes of points that fail it."""

    __test__ = False

    from_hour: int
    to_hour: int
    last_day: int
    stale_days: int
    proof_hours: int
    remind_days: int


class Checking(msgspec.Struct, frozen=True):
    """The data set."""

    version: str
    source: str
    confidence: str
    code: CodeRule
    link: LinkRule
    test: TestRule


def load(path: Path | None = None) -> Checking:
    """Read the data set."""
    found = path or Path(__file__).with_name("checking.toml")
    return msgspec.convert(tomllib.loads(found.read_text("utf-8")), Checking)


DATA = load()


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a point's working."""

    created_at: datetime
    verified_at: datetime | None
    last_ok_at: datetime | None


def standing(proof: Proof, at: datetime, rule: TestRule = DATA.test) -> Standing:
    """Whether the point may be relied on."""
    if proof.verified_at is None:
        return "unverified"
    proved = max(proof.verified_at, proof.last_ok_at or proof.verified_at)
    return "stale" if at - proved > timedelta(days=rule.stale_days) else "ok"


def alarming(proof: Proof, at: datetime, rule: TestRule = DATA.test) -> bool:
    """Whether somebody must hear of it: a point that was only just added may still be proved."""
    found = standing(proof, at, rule)
    if found == "unverified":
        return at - proof.created_at > timedelta(hours=rule.proof_hours)
    return found == "stale"


def monthly_slot(point_id: UUID, local: datetime, rule: TestRule = DATA.test) -> datetime:
    """The minute in `local`'s month at which the point is tested: the same whoever asks, spread
    over days and hours so that no provider gets everybody at once."""
    days = min(rule.last_day, monthrange(local.year, local.month)[1])
    minutes = (rule.to_hour - rule.from_hour) * 60
    day, minute = divmod(point_id.int % (days * minutes), minutes)
    return local.replace(
        day=day + 1, hour=rule.from_hour, minute=0, second=0, microsecond=0
    ) + timedelta(minutes=minute)


def due_test(
    point_id: UUID, verified_at: datetime, local: datetime, rule: TestRule = DATA.test
) -> str | None:
    """The key of the monthly test that is due now, or None. Tests missed by night or by a stopped
    engine follow at a civil hour; what was proved after its slot waits for next month."""
    slot = monthly_slot(point_id, local, rule)
    civil = rule.from_hour <= local.hour < rule.to_hour
    if not civil or local < slot or verified_at > slot:
        return None
    return f"{local:%Y-%m}"
