"""Reads with foreign or foul addresses: a coded refusal or a plain answer, and nothing written."""

from collections.abc import AsyncIterator

import httpx
import pytest

from server.commands.openapi import document
from server.embedded.services import EmbeddedServices
from tests.contract.asking import PATTERNS, refused, survived
from tests.contract.consulted import done, kept
from tests.contract.description import Description, Operation
from tests.contract.judging import objection_to
from tests.contract.spoiling import NOWHERE
from tests.contract.stage import Stage, staged
from tests.fixtures.database import Clone

DESCRIPTION = Description(document())
READS = [one for one in DESCRIPTION.operations.values() if not one.writes]
ASKING = [one for one in READS if one.named("query")]
PUBLIC = ("{person_id}", "{policy_id}", "/houses/{facility_id}", "{period_id}", "/training/")
"""Whose rows everybody inside the region reads: colleagues, whom a page would ring, houses, which
periods are closed (of whose cases everybody sees his own), courses that are published."""
NAMING = [
    one for one in READS if "_id}" in one.path and not any(name in one.path for name in PUBLIC)
]
PEOPLE = (
    "county_doctor",
    "city_second",
    "auditor",
    "security",
    "admin",
    "listkeeper",
    "city_desk",
    "city_office",
    "commission",
    "coordinator",
)
NOVEMBER = "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
PERIOD = "?start=2026-11-01T00:00:00Z&end=2026-12-01T00:00:00Z"
MONTH = "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
QUERIES = {
    "/api/case-reviews/statistics": "?first_day=2026-01-01&last_day=2026-12-31",
    "/api/duty/fairness": MONTH,
    "/api/duty/fairness.csv": MONTH,
    "/api/duty/policies/try": "?event=consult.mdt&level=critical",
    "/api/patients": "?q=nobody",
    "/api/referrals/candidates": "?condition=pph",
    "/api/special-population": "?month=2026-11",
    "/api/special-population/export": "?month=2026-11",
    "/api/duty/calendar": f"?facility_id={NOWHERE}&{NOVEMBER}",
    "/api/duty/leave": f"?{NOVEMBER}",
    "/api/duty/rotations/preview": "?group_id={group_id}&" + NOVEMBER,
    "/api/duty/sheet": "?group_id={group_id}&" + NOVEMBER,
    "/api/quality/rounds/choices": f"?region_id={NOWHERE}&period_id={{period_id}}",
    "/api/training/statistics": PERIOD,
    "/api/training/statistics/export": PERIOD,
    "/api/resources/history": f"?facility_id={NOWHERE}&kind=icu_bed",
}
"""What a read needs that cannot do without a query."""


@pytest.fixture(scope="module")
async def stage(
    services: EmbeddedServices,
    module_database: Clone,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One application, one database."""
    place = tmp_path_factory.mktemp("reads")
    async with staged(module_database, services.layout.valkey_url, place) as standing:
        for ids, doctor in ((standing.ids, "county_doctor"), (standing.foreign, "outsider")):
            ids.update(await kept(standing, doctor, ids))
        for version, step in enumerate(("open", "pack"), start=1):
            path = f"/api/case-reviews/{standing.ids['case_review_id']}/{step}"
            await done(standing, "coordinator", path, {"version": version})
        yield standing


async def _reader(stage: Stage, operation: Operation) -> str:
    """Somebody for whom the read works."""
    query = QUERIES.get(operation.path, "").format(**stage.ids)
    for who in PEOPLE:
        answer = await stage.call(who, operation, stage.ids, query=query)
        if answer.status_code == 200:
            return who
    raise AssertionError(f"nobody reads {operation}: {answer.text}")


def _fails(answer: httpx.Response) -> str:
    return objection_to(answer) if answer.status_code >= 400 else ""


@pytest.mark.parametrize("operation", ASKING, ids=str)
async def test_query_strings(stage: Stage, operation: Operation) -> None:
    who = await _reader(stage, operation)
    before = await stage.ledger.rows()
    found = []
    for query in refused(DESCRIPTION, operation):
        answer = await stage.call(who, operation, stage.ids, query=query)
        found.append((query, objection_to(answer)))
    for query in survived(DESCRIPTION, operation):
        answer = await stage.call(who, operation, stage.ids, query=query)
        found.append((query, _fails(answer)))
        assert "set-cookie" not in answer.headers
    assert [one for one in found if one[1]] == []
    assert await stage.ledger.rows() == before


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_ids_in_paths(stage: Stage, operation: Operation) -> None:
    who = await _reader(stage, operation)
    before = await stage.ledger.rows()
    for name in operation.named("path"):
        for value in ("x", "%00", "'", "%2e%2e", NOWHERE, stage.foreign.get(name, NOWHERE)):
            answer = await stage.call(who, operation, {**stage.ids, name: value})
            assert objection_to(answer) == "", value
            assert answer.json()["code"] in ("kernel.not_found", "kernel.malformed")
    answer = await stage.call("outsider", operation, stage.ids)
    assert answer.json()["code"] == "kernel.not_found", answer.text
    assert await stage.ledger.rows() == before


@pytest.mark.parametrize("text", PATTERNS)
async def test_no_pattern_finds_a_patient(stage: Stage, text: str) -> None:
    search = stage.description.operations["GET /api/patients"]
    token = stage.tokens["county_doctor"]
    found = await stage.door.send("GET", search.path, token=token, params={"q": text})
    assert found.json() == []
    known = await stage.door.send("GET", search.path, token=token, params={"q": "林测试"})
    assert known.json() != []


@pytest.mark.parametrize("path", ["/api/nothing", "/api/pages/x/y", "/api/referrals/%00"])
async def test_addresses_that_lead_nowhere(stage: Stage, path: str) -> None:
    answer = await stage.door.send("GET", path, token=stage.tokens["county_doctor"])
    assert objection_to(answer) == ""
    assert answer.status_code == 404


async def test_the_page_of_the_application_serves_no_other_file(stage: Stage) -> None:
    for path in (
        "/%00",
        "/..%2f..%2fetc/passwd",
        "/assets/..%2f..%2fpyproject.toml",
        "/assets/%00",
    ):
        answer = await stage.door.send("GET", path)
        assert answer.status_code < 500, path
        assert "root:" not in answer.text
        assert "[project]" not in answer.text
