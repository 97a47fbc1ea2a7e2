"""Every route × every role, knocked at with real requests.

`matrix.toml` says who may enter; the code says it too (`opt={"roles": …}`); the door does it. Here
the three are compared, and nobody of one hospital reaches the rows of another.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, get, websocket

from kernel.access import ANY, OPT
from kernel.viewer import REGIONAL_ROLES, Role
from registry.people.service import Grant
from server.embedded.services import EmbeddedServices
from server.settings import Settings
from tests.consult.media.standing import stand
from tests.fixtures.database import Clone
from tests.matrix import foreign
from tests.matrix.bodies import minimal
from tests.matrix.door import Door, opened
from tests.matrix.table import Row, complaints, handlers, read
from tests.registry.world import World, account, build

ROWS = read()
DOOR_CODES = {"kernel.not_authenticated", "server.origin_refused"}


@dataclass(frozen=True, slots=True)
class Knock:
    """The application, one login per role at the county hospital, and another hospital's rows."""

    door: Door
    logins: dict[Role, str]
    foreign: dict[str, str]
    bodies: dict[str, Any]


@pytest.fixture(scope="module")
async def knock(
    services: EmbeddedServices,
    module_database: Clone,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Knock]:
    """Built once: the tests of this file only knock."""
    place: Path = tmp_path_factory.mktemp("matrix")
    settings = Settings(
        database_url=module_database.app_url,
        system_database_url=module_database.system_url,
        valkey_url=services.layout.valkey_url,
        data_dir=place,
        demo=True,
    )
    world = await build(module_database.system)
    await stand(services.layout.valkey_url)
    async with opened(settings, world.clock, place) as door:
        logins = {role: await _employ(door, module_database, world, role) for role in Role}
        rows = await foreign.rows(door, module_database, world)
        yield Knock(door, logins, rows, dict(_bodies(door.app)))


async def _employ(door: Door, database: Clone, world: World, role: Role) -> str:
    """An account with one role at home; the coordinator also coordinates the county."""
    grants = []
    if role in REGIONAL_ROLES:
        grants.append(Grant(role, region_id=world.county))
    if role is not Role.COMMISSION:
        grants.append(Grant(role))
    await account(database.system, world.clock, role.value, world.county_hospital, *grants)
    await door.log_in(role.value)
    return role.value


def _bodies(app: Litestar) -> Any:
    for method, path, handler in handlers(app):
        field = getattr(handler, "parsed_data_field", None)
        if field is not None:
            yield f"{method} {path}", minimal(field.annotation)


def _path(row: Row, ids: dict[str, str]) -> str:
    parts = []
    for part in row.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}").partition(":")[0]
            part = ids.get(name, foreign.UNKNOWN if name.endswith("_id") else "1")
        parts.append(part)
    return "/".join(parts) + (f"?{row.query}" if row.query else "")


def _names_a_row(row: Row) -> bool:
    return "_id}" in row.path


async def _knock(
    knock: Knock, row: Row, token: str | None, link: str | None = None
) -> httpx.Response:
    body = row.body if row.body is not None else knock.bodies.get(row.name)
    return await knock.door.send(
        row.method,
        _path(row, {} if row.every_tenant else knock.foreign),
        token=token,
        link=link,
        headers={"idempotency-key": str(uuid4())},
        **({} if body is None else {"json": body}),
    )


def _turned_away(answer: httpx.Response) -> bool:
    """True if the door refused, whatever the room behind it would have said."""
    if answer.status_code not in (401, 403):
        return False
    problem = answer.json()
    at_the_door = problem["fields"].get("reason") in ("role", "undeclared")
    return problem["code"] in DOOR_CODES or (
        problem["code"] == "kernel.not_allowed" and at_the_door
    )


def _hidden(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (404, "kernel.not_found")


def test_the_table_and_the_application_agree(knock: Knock) -> None:
    assert complaints(knock.door.app, ROWS) == []


def test_an_undeclared_route_is_found() -> None:
    @get("/forgotten")
    async def forgotten() -> None:
        """Declares nothing."""

    @get("/unlisted", opt={OPT: ANY})
    async def unlisted() -> None:
        """Is not in the table."""

    @websocket("/forgotten-socket")
    async def forgotten_socket(socket: Any) -> None:
        """Declares nothing."""

    @get("/api/me", opt={OPT: frozenset({Role.EXPERT})})
    async def changed() -> None:
        """Is open to others than the table says."""

    app = Litestar([forgotten, unlisted, forgotten_socket, changed], openapi_config=None)
    me = [row for row in ROWS if row.name == "GET /api/me"]
    assert complaints(app, [*me, replace(me[0], path="/gone")]) == [
        "GET /api/me: matrix.toml says any, the code expert",
        "GET /forgotten: the route declares no roles",
        "GET /gone: is in matrix.toml but no longer served",
        "GET /unlisted: is not in matrix.toml",
        "WS /forgotten-socket: the route declares no roles",
    ]


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "WS"], ids=str)
async def test_each_role_at_each_route(knock: Knock, row: Row) -> None:
    door = knock.door
    anonymous = await _knock(knock, row, None)
    assert _turned_away(anonymous) is (row.access != "public"), anonymous.text
    assert anonymous.status_code != 500
    for role, login in knock.logins.items():
        token = await door.log_in(login) if row.ends_session else door.cookies[login]
        answer = await _knock(knock, row, token)
        assert answer.status_code != 500, (role, answer.text)
        assert _turned_away(answer) is not row.admits(role), (role, answer.text)
        if row.admits(role) and _names_a_row(row):
            # Another hospital's row and one that never was look the same.
            assert _hidden(answer), (role, answer.text)


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "WS"], ids=str)
async def test_each_role_at_each_socket(knock: Knock, row: Row) -> None:
    path = _path(row, knock.foreign)
    assert await knock.door.handshake(path) == 4401
    for role, login in knock.logins.items():
        token = knock.door.cookies[login]
        expected = 101 if row.admits(role) else 4403
        assert await knock.door.handshake(path, token=token) == expected, role
        foreign_page = "https://evil.example"
        assert await knock.door.handshake(path, token=token, origin=foreign_page) == 4403


async def test_a_link_opens_what_links_are_for_and_nothing_besides(knock: Knock) -> None:
    door = knock.door
    link = await door.open_link(door.cookies[foreign.LINK])
    for row in ROWS:
        if row.method == "WS":
            assert await door.handshake(_path(row, knock.foreign), link=link) == 4401, row.name
            continue
        answer = await _knock(knock, row, None, link)
        assert answer.status_code < 500, (row.name, answer.text)
        if row.access == "link":
            assert not _turned_away(answer), (row.name, answer.text)
        elif row.access != "public":
            assert answer.status_code == 401, (row.name, answer.text)
    # Of what links are for, a crew's link opens the crew's page only.
    for path, status in (("/api/crew", 200), ("/api/outside", 404), ("/api/guest", 404)):
        assert (await door.send("GET", path, link=link)).status_code == status


async def test_a_login_is_no_link_and_a_links_cookie_is_no_login(knock: Knock) -> None:
    door = knock.door
    link = await door.open_link(door.cookies[foreign.LINK])
    expert = door.cookies["expert"]
    assert (await door.send("GET", "/api/crew", token=expert)).status_code == 401
    assert (await door.send("GET", "/api/crew", link=expert)).status_code == 401
    assert (await door.send("GET", "/api/me", token=link)).status_code == 401


async def test_the_owner_of_the_foreign_rows_does_see_them(knock: Knock) -> None:
    token = knock.door.cookies["stranger"]
    for path in ("/api/pregnancies/{pregnancy_id}", "/api/referrals/{case_id}"):
        answer = await knock.door.send("GET", path.format(**knock.foreign), token=token)
        assert answer.status_code == 200, answer.text


async def test_options_tell_nothing(knock: Knock) -> None:
    expert = knock.door.cookies["expert"]
    for token, status in ((None, 401), (expert, 403)):
        answer = await knock.door.send("OPTIONS", "/api/patients", token=token)
        assert answer.status_code == status
