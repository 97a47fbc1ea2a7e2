"""The door: sessions, origins, content types, roles."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import WebSocket, get, post, websocket

from kernel.access import ANY, OPT, roles
from kernel.viewer import Role, Viewer
from registry.people.service import Grant
from server.embedded.services import EmbeddedServices
from server.settings import Settings
from tests.fixtures.database import Clone
from tests.matrix.door import COOKIE, Door, opened
from tests.registry.world import PASSWORD, World, account, build


@websocket("/test/socket", opt={OPT: ANY})
async def some_socket(socket: WebSocket[Any, Any, Any], viewer: Viewer) -> None:
    await socket.accept()
    await socket.close()


@websocket("/test/socket-for-experts", opt={OPT: roles(Role.EXPERT)})
async def socket_for_experts(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.close()


@get("/test/undeclared")
async def undeclared() -> str:
    return "never said"


@post("/test/files", opt={OPT: ANY, "content": frozenset({"application/dicom"})})
async def takes_files() -> None:
    """Takes something other than JSON."""


@dataclass(frozen=True, slots=True)
class House:
    """One application for the tests of this file; each employs people of its own."""

    door: Door
    world: World
    database: Clone

    async def employ(self, login: str, role: Role) -> str:
        """An account with one role at the county hospital."""
        place = self.world.county_hospital
        await account(self.database.system, self.world.clock, login, place, Grant(role))
        return login


@pytest.fixture(scope="module")
async def house(
    module_database: Clone, services: EmbeddedServices, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The application with a few routes more."""
    place = tmp_path_factory.mktemp("door")
    settings = Settings(
        database_url=module_database.app_url,
        valkey_url=services.layout.valkey_url,
        data_dir=place,
        demo=True,
    )
    world = await build(module_database.system)
    async with opened(settings, world.clock, place) as door:
        for handler in (some_socket, socket_for_experts, undeclared, takes_files):
            door.app.register(handler)
        yield House(door, world, module_database)


@pytest.fixture
def door(house: House) -> Door:
    return house.door


@pytest.fixture
def world(house: House) -> World:
    return house.world


@pytest.fixture
async def li(house: House, request: pytest.FixtureRequest) -> str:
    """The login of a clinician."""
    return await house.employ(f"li.{request.node.name}"[:60], Role.REFERRING_CLINICIAN)


@pytest.fixture
async def sec(house: House, request: pytest.FixtureRequest) -> str:
    """The login of a security administrator."""
    return await house.employ(f"sec.{request.node.name}"[:60], Role.SECURITY_ADMIN)


def _code(answer: httpx.Response) -> tuple[int, str]:
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["zh"]["detail"] != problem["en"]["detail"]
    return answer.status_code, problem["code"]


async def test_login_sets_a_cookie_that_only_we_can_read(door: Door, li: str) -> None:
    answer = await door.send("POST", "/api/login", json={"login": li, "password": PASSWORD})
    name, _, attributes = answer.headers["set-cookie"].partition("=")
    parts = {part.strip().lower() for part in attributes.split(";")[1:]}
    assert name == "__Host-yunshang"
    assert {"path=/", "httponly", "secure", "samesite=lax"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    me = answer.json()
    assert me["roles"] == ["referring_clinician"]
    assert me["home"] == "board"
    assert me["facility"]["name"] == "石桥县医院"
    assert answer.headers["cache-control"] == "no-store"
    token = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert (await door.send("GET", "/api/me", token=token)).json()["account_id"] == me["account_id"]


async def test_without_a_session_there_is_nothing(door: Door) -> None:
    for token in (None, "", "made-up"):
        answer = await door.send("GET", "/api/me", token=token)
        assert _code(answer) == (401, "kernel.not_authenticated")


async def test_wrong_password_and_unknown_login_answer_alike(door: Door, li: str) -> None:
    answers = [
        await door.send("POST", "/api/login", json={"login": login, "password": "wrong"})
        for login in (li, "nobody")
    ]
    assert _code(answers[0]) == (401, "registry.login_failed")
    assert answers[0].json() == answers[1].json()
    assert "set-cookie" not in answers[0].headers


async def test_the_failure_counts_although_the_request_was_refused(
    door: Door, world: World, li: str
) -> None:
    wrong = {"login": li, "password": "wrong"}
    right = {"login": li, "password": PASSWORD}
    for _ in range(5):
        assert (await door.send("POST", "/api/login", json=wrong)).status_code == 401
    assert _code(await door.send("POST", "/api/login", json=right)) == (
        429,
        "registry.login_blocked",
    )
    world.clock.advance(timedelta(minutes=15))
    assert (await door.send("POST", "/api/login", json=right)).status_code == 200


async def test_logging_in_again_replaces_the_session(door: Door, li: str) -> None:
    first = await door.log_in(li)
    answer = await door.send(
        "POST", "/api/login", token=first, json={"login": li, "password": PASSWORD}
    )
    assert answer.status_code == 200
    assert (await door.send("GET", "/api/me", token=first)).status_code == 401


async def test_logout_ends_the_session_on_the_server(door: Door, li: str) -> None:
    token = await door.log_in(li)
    answer = await door.send("POST", "/api/logout", token=token)
    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert (await door.send("GET", "/api/me", token=token)).status_code == 401


async def test_an_administrator_ends_sessions(door: Door, li: str, sec: str) -> None:
    theirs, mine = await door.log_in(li), await door.log_in(sec)
    accounts = (await door.send("GET", "/api/admin/accounts", token=mine)).json()
    [account_id] = [row["id"] for row in accounts if row["login"] == li]
    ended = await door.send("POST", f"/api/admin/accounts/{account_id}/revoke-sessions", token=mine)
    assert ended.json() == {"sessions": 1}
    assert (await door.send("GET", "/api/me", token=theirs)).status_code == 401
    theirs = await door.log_in(li)
    disabled = await door.send("POST", f"/api/admin/accounts/{account_id}/disable", token=mine)
    assert disabled.status_code == 204
    assert (await door.send("GET", "/api/me", token=theirs)).status_code == 401
    again = await door.send("POST", "/api/login", json={"login": li, "password": PASSWORD})
    assert _code(again) == (403, "registry.account_disabled")
    await door.send("POST", f"/api/admin/accounts/{account_id}/enable", token=mine)
    assert await door.log_in(li)
    kinds = [
        line["kind"]
        for line in (await door.send("GET", "/api/admin/security-events", token=mine)).json()
    ]
    assert kinds[:3] == ["login", "account_enabled", "login_disabled"]


async def test_an_idle_session_ends_and_use_keeps_it(door: Door, world: World, li: str) -> None:
    token = await door.log_in(li)
    for _ in range(3):
        world.clock.advance(timedelta(minutes=14))
        assert (await door.send("GET", "/api/me", token=token)).status_code == 200
    world.clock.advance(timedelta(minutes=15))
    assert (await door.send("GET", "/api/me", token=token)).status_code == 401


FOREIGN = [
    None,
    "null",
    "https://evil.example",
    "http://127.0.0.1:8000.evil.example",
    "http://127.0.0.1",
    "https://127.0.0.1:8000",
    "http://127.0.0.1:8000/",
    "HTTP://127.0.0.1:8000",
]


async def test_no_foreign_page_writes_with_our_cookie(door: Door, li: str) -> None:
    token = await door.log_in(li)
    for origin in FOREIGN:
        answer = await door.send("POST", "/api/logout", token=token, origin=origin)
        assert _code(answer) == (403, "server.origin_refused"), origin
        assert (await door.send("GET", "/api/me", token=token, origin=origin)).status_code == 200


async def test_no_foreign_page_logs_somebody_in(door: Door, li: str) -> None:
    body = {"login": li, "password": PASSWORD}
    foreign = await door.send("POST", "/api/login", origin="https://evil.example", json=body)
    assert _code(foreign) == (403, "server.origin_refused")
    # A program without a browser's cookie jar has nothing to ride on.
    assert (await door.send("POST", "/api/login", origin=None, json=body)).status_code == 200


async def test_no_foreign_page_opens_a_socket(door: Door, li: str) -> None:
    token = await door.log_in(li)
    for origin in FOREIGN:
        assert await door.handshake("/test/socket", token=token, origin=origin) == 4403, origin


async def test_a_socket_needs_a_live_session_and_a_role(door: Door, li: str) -> None:
    token = await door.log_in(li)
    assert await door.handshake("/test/socket", token=token) == 101
    assert await door.handshake("/test/socket") == 4401
    assert await door.handshake("/test/socket-for-experts", token=token) == 4403
    await door.send("POST", "/api/logout", token=token)
    assert await door.handshake("/test/socket", token=token) == 4401


async def test_writes_are_json(door: Door, li: str) -> None:
    body = f'{{"login": "{li}", "password": "{PASSWORD}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = await door.send("POST", "/api/login", content=body, headers={"content-type": kind})
        assert _code(answer) == (415, "kernel.unsupported_media_type"), kind


async def test_a_route_may_declare_another_content(door: Door, li: str) -> None:
    token = await door.log_in(li)
    for kind, status in (("application/dicom", 201), ("application/json", 415)):
        answer = await door.send(
            "POST", "/test/files", token=token, content=b"x", headers={"content-type": kind}
        )
        assert answer.status_code == status


async def test_a_route_without_a_declaration_is_closed(door: Door, sec: str) -> None:
    token = await door.log_in(sec)
    assert _code(await door.send("GET", "/test/undeclared", token=token)) == (
        403,
        "kernel.not_allowed",
    )
    assert (await door.send("GET", "/test/undeclared")).status_code == 401


async def test_own_logins_are_listed_and_ended(door: Door, li: str) -> None:
    one, two = await door.log_in(li), await door.log_in(li)
    listed = (await door.send("GET", "/api/me/sessions", token=two)).json()
    [other] = [row["id"] for row in listed if not row["current"]]
    assert len(listed) == 2
    assert {row["address"] for row in listed} == {"198.51.100.7"}
    ended = await door.send("DELETE", f"/api/me/sessions/{other}", token=two)
    assert ended.status_code == 204
    assert (await door.send("GET", "/api/me", token=one)).status_code == 401
    again = await door.send("DELETE", f"/api/me/sessions/{other}", token=two)
    assert _code(again) == (404, "kernel.not_found")


async def test_passwords_change_over_http(door: Door, li: str) -> None:
    token = await door.log_in(li)
    change = {"old": PASSWORD, "new": "Another-Horse-8"}
    weak = await door.send("POST", "/api/me/password", token=token, json={**change, "new": "weak"})
    assert _code(weak) == (422, "registry.password_weak")
    done = await door.send("POST", "/api/me/password", token=token, json=change)
    assert done.status_code == 204
    await door.log_in(li, "Another-Horse-8")


async def test_the_public_configuration_names_no_one(door: Door) -> None:
    answer = await door.send("GET", "/api/config", origin=None)
    assert set(answer.json()) == {"product", "demo", "gateway_url", "languages"}
    assert COOKIE not in answer.headers.get("set-cookie", "")
