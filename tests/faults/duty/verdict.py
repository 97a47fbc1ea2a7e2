"""What became of everything that was promised, read from the tables and from the phones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from duty.notify.delivery import MAX_TRIES
from tests.live.hung import CHANNEL as HUNG
from tests.live.phones import Ring
from tests.live.town import Centre

_TARGETS = "SELECT page_id, step, person_id, queued_at FROM page_target"
_MESSAGES = """
SELECT id, page_id, step, person_id, contact_point_id, ring, try, state, channel FROM page_message
 WHERE channel <> 'in_app'
"""
_ITEMS = """
SELECT person_id, seq, kind, data ->> 'page_id' AS page_id, data ->> 'step' AS step
  FROM inbox_item ORDER BY person_id, seq
"""
_LADDERS = "SELECT page_id, case_id, state, ended_at FROM escalation"
_EVENTS = """
SELECT kind, convert_from(payload, 'UTF8')::jsonb ->> 'page_id' AS page_id,
       convert_from(payload, 'UTF8')::jsonb ->> 'step' AS step, count(*) AS times
  FROM case_event WHERE kind IN ('page.sent', 'page.escalated', 'page.acknowledged')
 GROUP BY 1, 2, 3
"""
_DEAD = "SELECT id, topic, last_error FROM outbox WHERE dead_at IS NOT NULL"
_UNSETTLED = """
SELECT count(*) FROM page_message
 WHERE channel <> 'in_app' AND state IN ('queued', 'sending', 'in_doubt')
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of the last line."""

    pages: int
    messages: int
    lost: list[str]
    duplicate_decisions: list[str]
    duplicate_sends: int
    hung: int
    shown_once: bool
    max_recovery_s: float


async def unsettled(url: str) -> int:
    """Messages that somebody still has to act on."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(_UNSETTLED))
    finally:
        await connection.close()


async def judge(
    url: str,
    committed: Mapping[str, tuple[float, Centre]],
    rings: Iterable[Ring],
    delivered: Collection[str] = (),
) -> Verdict:
    """Compare promises, decisions and rings; `delivered` messages were that already."""
    connection = await asyncpg.connect(url)
    try:
        targets = await connection.fetch(_TARGETS)
        messages = await connection.fetch(_MESSAGES)
        items = await connection.fetch(_ITEMS)
        ladders = {str(row["page_id"]): row for row in await connection.fetch(_LADDERS)}
        events = await connection.fetch(_EVENTS)
        dead = await connection.fetch(_DEAD)
    finally:
        await connection.close()
    rung: dict[str, list[Ring]] = defaultdict(list)
    for ring in rings:
        rung[ring.message_id].append(ring)
    lost = _lost(committed, targets, messages, items, rung)
    lost += [
        f"message {row['id']} was delivered and is {row['state']}"
        for row in messages
        if str(row["id"]) in delivered and row["state"] != "delivered"
    ]
    lost += [f"{row['topic']} {row['id']} was given up: {row['last_error']}" for row in dead]
    return Verdict(
        pages=len(committed),
        messages=len(messages),
        lost=lost,
        duplicate_decisions=_twice(targets, items, ladders, events),
        hung=sum(row["channel"] == HUNG for row in messages),
        duplicate_sends=sum(len(times) - 1 for times in rung.values()),
        shown_once=_shown_once(messages, items, rung),
        max_recovery_s=_slowest(targets, messages, rung),
    )


def _lost(
    committed: Mapping[str, tuple[float, Centre]],
    targets: list[Any],
    messages: list[Any],
    items: list[Any],
    rung: Mapping[str, list[Ring]],
) -> list[str]:
    """Whatever was promised and did not come: a page, a person of its first step, an item in the
    inbox, a message for a phone, a final state, a ring of what counts as sent."""
    aimed = {(str(row["page_id"]), row["step"], row["person_id"]) for row in targets}
    posted = {
        (row["page_id"], int(row["step"]), row["person_id"])
        for row in items
        if row["kind"] == "page"
    }
    written = {(str(row["page_id"]), row["step"], row["person_id"]) for row in messages}
    found = [
        f"page {page_id}: {person} was never rung"
        for page_id, (_, centre) in committed.items()
        for person in centre.people
        if (page_id, 0, person) not in aimed
    ]
    if committed and not rung:
        found.append("no phone ever rang")
    found += [f"no item for {aim}" for aim in aimed - posted]
    found += [f"no message for {aim}" for aim in aimed - written]
    tries = {(row["page_id"], row["step"], row["person_id"], row["try"]) for row in messages}
    for row in messages:
        silent = str(row["id"]) not in rung and row["channel"] != HUNG
        again = (row["page_id"], row["step"], row["person_id"], row["try"] + 1)
        if row["state"] == "failed" and row["try"] < MAX_TRIES and again not in tries:
            found.append(f"message {row['id']} failed and was not tried again")
        if row["state"] in ("queued", "sending", "in_doubt"):
            found.append(f"message {row['id']} is still {row['state']}")
        elif silent and row["state"] in ("sent", "delivered", "unreachable"):
            found.append(f"message {row['id']} is {row['state']} and never rang")
    return found


def _twice(
    targets: list[Any], items: list[Any], ladders: Mapping[str, Any], events: list[Any]
) -> list[str]:
    """Decisions taken twice, or after the answer that ends them."""
    found = [
        f"{row['kind']} of page {row['page_id']} step {row['step']}: {row['times']} times"
        for row in events
        if row["times"] > 1
    ]
    seen: set[tuple[Any, ...]] = set()
    for row in items:
        key = (row["person_id"], row["page_id"], row["step"])
        if row["kind"] == "page":
            if key in seen:
                found.append(f"item {key} twice")
            seen.add(key)
    cases: dict[Any, int] = defaultdict(int)
    for ladder in ladders.values():
        cases[ladder["case_id"]] += 1
    found += [f"case {case}: {count} pages" for case, count in cases.items() if count > 1]
    for row in targets:
        ladder = ladders[str(row["page_id"])]
        if ladder["state"] == "acknowledged" and row["queued_at"] > ladder["ended_at"]:
            found.append(f"page {row['page_id']} rang step {row['step']} after its answer")
    return found


def _shown_once(messages: list[Any], items: list[Any], rung: Mapping[str, list[Ring]]) -> bool:
    """What receivers show after collapsing: phones by message id, browsers by the inbox's numbers.

    A phone shows each planned call once if all its rings carry one id per try; a browser, which
    resumes by number, shows each item once if every person's numbers run from 1 without a gap.
    """
    shown: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for row in messages:
        if str(row["id"]) in rung:
            key = (row["page_id"], row["step"], row["person_id"], row["contact_point_id"])
            shown[*key, row["ring"], row["try"]].add(str(row["id"]))
    numbers: dict[Any, list[int]] = defaultdict(list)
    for row in items:
        numbers[row["person_id"]].append(row["seq"])
    return all(len(ids) == 1 for ids in shown.values()) and all(
        seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values()
    )


def _slowest(targets: list[Any], messages: list[Any], rung: Mapping[str, list[Ring]]) -> float:
    """The longest that anybody waited from the decision to the first ring, outages included."""
    decided = {
        (row["page_id"], row["step"], row["person_id"]): row["queued_at"].timestamp()
        for row in targets
    }
    waits = [
        min(ring.wall_s for ring in rung[str(row["id"])])
        - decided[row["page_id"], row["step"], row["person_id"]]
        for row in messages
        if str(row["id"]) in rung and row["try"] == 1
    ]
    return max(waits, default=0.0)
