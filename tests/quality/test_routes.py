"""The routes over HTTP: parameters, shapes, refusals."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from kernel.viewer import Role, Viewer
from quality.routes import router
from server import problems
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, county_of, region, write_case
from tests.registry.world import World

NOBODYS = UUID(int=7)
"""A case that does not exist."""

NUMBERS = ("/indicators", "/cases", "/quality/export")
"""Where experts read; which case they may see is another question."""

PERIOD = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-22T00:00:00Z"}


def app(clone: Clone, viewer: Viewer) -> Litestar:
    """The router with the dependencies that the server provides."""
    database = Database(clone.app_url)  # of its own: the client may run it on another loop

    async def session() -> AsyncIterator[AsyncSession]:
        async with database.session(viewer) as open_:
            yield open_

    async def clock() -> Clock:
        return SystemClock()

    return Litestar(
        [router],
        dependencies={"session": Provide(session), "clock": Provide(clock)},
        exception_handlers=problems.HANDLERS,
        on_shutdown=[database.close],
        logging_config=None,
    )


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await region(module_database)


@pytest.fixture(scope="module")
async def case_id(module_database: Clone, world: World) -> str:
    async with module_database.system.session(SYSTEM) as session:
        found = await write_case(
            session,
            county_of(world),
            ("page.acknowledged", 1),
            ("offer.accepted", 6, {"facility_id": str(world.city_centre)}),
        )
    return str(found)


@pytest.fixture
async def client(module_database: Clone, world: World) -> AsyncIterator[AsyncTestClient[Litestar]]:
    province = world.viewer(Role.COMMISSION, world.province_centre, world.province)
    async with AsyncTestClient(app(module_database, province)) as client:
        yield client


async def get(client: AsyncTestClient[Litestar], path: str, **params: str) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_number_travels_with_its_definition(
    client: AsyncTestClient[Litestar], case_id: str, world: World
) -> None:
    found = await get(client, "/indicators", **PERIOD, region_id=str(world.city))
    assert found["scope"]["from"] == "2026-11-01T00:00:00Z"
    assert (found["scope"]["cases"], found["scope"]["late"]) == (1, "with")
    accept = next(
        entry for entry in found["indicators"] if entry["definition"]["code"] == "request_to_accept"
    )
    assert accept["definition"]["from_milestone"] == "request"
    assert accept["definition"]["name"] == {
        "zh": "发出求助→同意接收",
        "en": "Request to acceptance",
    }
    assert accept["definition"]["target"]["to_be_verified"] is True
    assert accept["value"]["kind"] == "interval"
    assert accept["value"]["distribution"]["p50_s"] == 360
    assert accept["value"]["distribution"]["within_target"] == {"n": 1, "of": 1, "share": 1.0}


async def test_drill_down_leads_to_the_case(
    client: AsyncTestClient[Litestar], case_id: str
) -> None:
    path = "/indicators/request_to_accept"
    detail = await get(client, path, **PERIOD, late="without")
    assert [point["case_id"] for point in detail["points"]] == [case_id]
    behind = await get(client, f"{path}/cases", **PERIOD)
    assert [(case["case_id"], case["seconds"]) for case in behind["cases"]] == [(case_id, 360)]
    timeline = await get(client, f"/cases/{case_id}/timeline")
    assert [event["kind"] for event in timeline["events"]] == [
        "referral.requested",
        "page.acknowledged",
        "offer.accepted",
    ]
    assert [event["milestone"] for event in timeline["events"]] == [
        "request",
        "first_acknowledged",
        "accepted",
    ]
    proof = await get(client, f"/cases/{case_id}/proof", seq="1")
    assert (proof["seq"], proof["checkpoint"]) == (1, None)


async def test_the_last_thirty_days_are_the_default(
    client: AsyncTestClient[Litestar], case_id: str
) -> None:
    scope = (await get(client, "/indicators"))["scope"]
    assert scope["from"][:7] < scope["to"][:10]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/indicators/nonsense", 404, "quality.indicator_unknown"),
        (
            "/indicators?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            422,
            "quality.period_invalid",
        ),
        (f"/cases/{NOBODYS}/timeline", 404, "kernel.not_found"),
        (f"/cases/{NOBODYS}/proof", 404, "kernel.not_found"),
    ],
)
async def test_refusals_are_coded_in_both_languages(
    client: AsyncTestClient[Litestar], path: str, status: int, code: str
) -> None:
    answer = await client.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert problem["zh"]["detail"]
    assert problem["en"]["detail"]


@pytest.mark.parametrize("query", ["late=never", "from=yesterday", "region_id=1", "facility_id=x"])
async def test_bad_parameters_are_refused(client: AsyncTestClient[Litestar], query: str) -> None:
    answer = await client.get(f"/indicators?{query}")
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_the_export_is_a_workbook(client: AsyncTestClient[Litestar], case_id: str) -> None:
    answer = await client.get("/quality/export", params={**PERIOD, "small": "hide"})
    assert answer.status_code == 200
    assert "indicators.xlsx" in answer.headers["content-disposition"]
    book = load_workbook(BytesIO(answer.content))
    assert book.sheetnames == ["指标", "按机构", "口径与来源"]
    cells = [cell.value for row in book["指标"].iter_rows() for cell in row]
    assert "发出求助→同意接收" in cells
    assert "<5" in cells


def test_every_route_declares_its_roles() -> None:
    declared = {
        (method, route.path): handler.opt[OPT]
        for route in Litestar([router], openapi_config=None).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    }
    assert all(declared.values())
    read = [path for method, path in declared if method == "GET" and path.startswith(NUMBERS)]
    assert read
    assert all(Role.EXPERT in declared["GET", path] for path in read)
