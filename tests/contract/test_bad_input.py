"""Whatever comes in wrong is refused with a coded problem in two languages, and leaves nothing.

The operations and their fields come from the OpenAPI document; journeys.py only says how to get to
where an operation is possible, so that bad input is refused for being bad and not for coming early.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from server.app import MAX_BODY_BYTES
from server.embedded.services import EmbeddedServices
from tests.contract.description import Operation
from tests.contract.journeys import JOURNEYS
from tests.contract.judging import is_problem, objection_to
from tests.contract.spoiling import NOWHERE
from tests.contract.stage import Stage, staged
from tests.contract.steps import Step
from tests.contract.walking import Walk
from tests.fixtures.database import Clone

JSON = {"content-type": "application/json"}
OTHER_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "")
NOT_OBJECTS = (b"", b"null", b"[]", b'"x"', b"7", b"{", b'{"a":', b"\xff\xfe", b"[" * 100_000)
EVERYBODYS = frozenset(
    {
        "POST /api/referrals/{case_id}/actions/void",
        "POST /api/case-files/{file_id}/actions/void",
    }
)
"""An administrator voids any hospital's case, without seeing it."""

SHARED = frozenset({"admin", "people", "training"})
"""Rows that no hospital owns, or that it opens to everybody: whoever may name them may name all."""


@pytest.fixture(scope="module")
async def stage(
    services: EmbeddedServices,
    module_database: Clone,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One application, one database."""
    place = tmp_path_factory.mktemp("contract")
    async with staged(module_database, services.layout.valkey_url, place) as standing:
        yield standing


async def _chunks(size: int) -> AsyncIterator[bytes]:
    """A body without Content-Length."""
    yield b'{"x":"'
    for _ in range(size // 65_536 + 1):
        yield b"x" * 65_536
    yield b'"}'


def test_every_write_is_on_a_journey(stage: Stage) -> None:
    reached = {step.operation for steps in JOURNEYS.values() for step in steps}
    served = {name for name, one in stage.description.operations.items() if one.writes}
    assert reached == served


def test_every_text_and_list_has_a_limit(stage: Stage) -> None:
    endless = []
    for one in stage.description.operations.values():
        if one.body is None:
            continue
        for where, plain in stage.description.texts(one.body):
            limit = "maxItems" if plain["type"] == "array" else "maxLength"
            if not ({limit, "format", "pattern", "const"} & plain.keys() or plain.get("enum")):
                endless.append(f"{one.name} {where}")
    assert endless == []


@pytest.mark.parametrize("journey", JOURNEYS, ids=str)
async def test_nothing_bad_gets_in_and_the_good_gets_in_once(stage: Stage, journey: str) -> None:
    walk = Walk(stage)
    for step in JOURNEYS[journey]:
        await walk.look(step)
        if step.operation not in stage.attacked:  # once is enough, whatever journey passes it
            stage.attacked.add(step.operation)
            await _nothing_gets_in(walk, step)
        await _once(walk, step)


async def _nothing_gets_in(walk: Walk, step: Step) -> None:
    before = await walk.stage.ledger.rows()
    let_in = [
        f"{step}: {label}: {objection}"
        for label, answer in await _attack(walk, step)
        if (objection := objection_to(answer))
    ]
    assert not let_in, "\n".join(let_in)
    assert await walk.stage.ledger.rows() == before, step


async def _attack(walk: Walk, step: Step) -> list[tuple[str, httpx.Response]]:
    """Every bad request at this step, with its answer."""
    stage, operation, good = walk.stage, walk.operation(step), walk.body(step)
    found = [
        (label, await stage.call(step.who, operation, walk.ids, None, **request))
        for label, request in _transport(operation, good)
    ]
    found += [
        (label, await stage.call(step.who, operation, ids, good))
        for label, ids in _other_paths(walk, operation)
    ]
    if _of_a_hospital(operation):
        for who in ("outsider", "outsider_desk"):
            found.append((who, await stage.call(who, operation, walk.ids, good)))
    if operation.body is not None and good is not None:
        bodies = [*stage.spoiler.spoilt(operation.body, good), *walk.strange(step, good)]
        if "version" in good:
            bodies += [
                (f"version {at:+}", {**good, "version": good["version"] + at}) for at in (-1, 1)
            ]
        for label, body in bodies:
            found.append((label, await stage.call(step.who, operation, walk.ids, body)))
    return found


def _transport(operation: Operation, good: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    """Requests that are wrong before a field is read."""
    big = b'{"x":"' + b"x" * MAX_BODY_BYTES + b'"}'
    yield "too large", {"content": big, "headers": JSON}
    yield "too large, no length", {"content": _chunks(MAX_BODY_BYTES), "headers": JSON}
    if operation.keyed:
        for key in (None, "k" * 101, ""):
            headers = {} if key is None else {"idempotency-key": key}
            yield f"key {key!r:.9}", {"key": None, "headers": headers, "json": good}
    if good is None:
        return
    for content in NOT_OBJECTS:
        yield f"body {content[:9]!r}", {"content": content, "headers": JSON}
    for kind in OTHER_TYPES:
        yield f"type {kind!r}", {"content": b"{}", "headers": {"content-type": kind}}
    surrogate = b'{"%s":"\\ud800"}' % next(iter(good), "x").encode()
    yield "lone surrogate", {"content": surrogate, "headers": JSON}


def _of_a_hospital(operation: Operation) -> bool:
    return "{" in operation.path and operation.path.split("/")[2] not in SHARED


def _other_paths(walk: Walk, operation: Operation) -> Iterator[tuple[str, dict[str, str]]]:
    """Ids that are malformed, unknown or another hospital's."""
    for name, schema in operation.named("path").items():
        wrong = ["x", "%00", "'", "%25"]
        if schema.get("format") == "uuid":
            wrong += [NOWHERE, *([walk.stage.foreign[name]] if name in walk.stage.foreign else [])]
        else:
            wrong += ["0", "-1", str(10**30)]
        for value in wrong:
            if operation.name in EVERYBODYS and value == walk.stage.foreign.get(name):
                continue
            yield f"{name} = {value:.40}", {**walk.ids, name: value}


async def _once(walk: Walk, step: Step) -> None:
    """The good request passes; its repetition changes nothing; its key fits nothing else."""
    stage, operation, good = walk.stage, walk.operation(step), walk.body(step)
    key = str(uuid4())
    first = await stage.call(step.who, operation, walk.ids, good, key=key)
    assert first.status_code in step.answers, (step, first.text)
    if operation.keyed and first.is_success:
        done = await stage.ledger.rows()
        again = await stage.call(step.who, operation, walk.ids, good, key=key)
        assert (again.status_code, _who(again)) == (first.status_code, _who(first)), step
        others = () if good is None else stage.spoiler.other(operation.body, good)
        for label, other in others:
            reused = await stage.call(step.who, operation, walk.ids, other, key=key)
            said = is_problem(reused)
            assert said["code"] == "kernel.idempotency_key_reused", (step, label, said)
        assert await stage.ledger.rows() == done, step
    await walk.note(step, first)


def _who(answer: httpx.Response) -> Any:
    """What an answer is about; a case is shown as it is now."""
    made = answer.json()
    return made.get("id", made) if isinstance(made, dict) else made
