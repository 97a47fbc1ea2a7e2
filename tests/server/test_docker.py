"""No container engine runs here, so the files are read: they must agree with the code."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from server.cli import app
from server.embedded.postgres import BOOTSTRAP
from server.settings import Settings
from server.vitals import EXPECTED

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: body for name, body in SERVICES.items() if body["image"] == "yunshang"}
VARIABLES = {entry.metadata["env"] for entry in fields(Settings)}
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


def _settings(service: str) -> Settings:
    """Settings as the process in this service would read them."""
    image = dict(re.findall(r"(YUNSHANG_[A-Z_]+)=(\S+)", DOCKERFILE))
    environ = {**image, **SERVICES[service]["environment"]}
    filled = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", _example, str(value)) for name, value in environ.items()
    }
    return Settings.from_env(filled)


def _example(match: "re.Match[str]") -> str:
    known = {"PUBLIC_ORIGIN": "https://y.example.cn", "GATEWAY_URL": "wss://y.example.cn"}
    return known.get(match[1], "secret")


def test_every_process_has_its_service() -> None:
    assert set(OURS) == {*EXPECTED, "migrate"}
    assert set(SERVICES) - set(OURS) == {"postgres", "valkey", "proxy"}


def test_every_command_exists() -> None:
    for name, body in OURS.items():
        assert body["command"] == [name]
        assert name in COMMANDS
        test = body["healthcheck"].get("test")
        if test is not None:
            assert test == ["CMD", "yunshang", "alive", name]
    assert "alive" in COMMANDS


def test_every_variable_is_a_setting() -> None:
    for name, body in OURS.items():
        unknown = set(body["environment"]) - VARIABLES
        assert not unknown, f"{name}: {unknown}"
    assert set(re.findall(r"\b(YUNSHANG_[A-Z_]+)=", DOCKERFILE)) <= VARIABLES


@pytest.mark.parametrize(
    ("service", "needed", "kept_away"),
    [
        ("serve", ("database_url", "valkey_url"), ("owner_database_url",)),
        ("gateway", ("system_database_url",), ("owner_database_url", "database_url")),
        ("engine", ("system_database_url",), ("owner_database_url", "database_url")),
        ("worker", ("system_database_url",), ("owner_database_url", "database_url")),
        ("migrate", ("owner_database_url",), ("database_url", "system_database_url")),
    ],
)
def test_each_process_gets_what_it_needs_and_no_other_role(
    service: str, needed: tuple[str, ...], kept_away: tuple[str, ...]
) -> None:
    settings = _settings(service)
    settings.need(*needed)
    assert not [name for name in kept_away if getattr(settings, name)]
    assert not settings.demo


def test_the_containers_listen_where_the_proxy_looks() -> None:
    nginx = (DOCKER / "nginx.conf").read_text()
    for name, settings in (("serve", _settings("serve")), ("gateway", _settings("gateway"))):
        assert settings.host == "0.0.0.0"  # noqa: S104
        assert settings.gateway_host == "0.0.0.0"  # noqa: S104
        port = settings.port if name == "serve" else settings.gateway_port
        assert f"http://{name}:{port};" in nginx
    assert "location /ctg/" in nginx
    subnet = COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert _settings("serve").trusted_proxies == subnet
    published = {name for name, body in SERVICES.items() if "ports" in body}
    assert published == {"proxy"}


def test_everything_is_checked_and_waits_for_the_schema() -> None:
    for name, body in SERVICES.items():
        assert "healthcheck" in body, name
        if name in EXPECTED:
            waits = {other: what["condition"] for other, what in body["depends_on"].items()}
            assert waits["migrate"] == "service_completed_successfully"
            assert waits["valkey"] == "service_healthy"


def test_versions_are_those_of_the_embedded_services() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"


def test_roles_are_as_weak_as_the_embedded_ones() -> None:
    shell = re.sub(r" PASSWORD :'\w+'", "", (DOCKER / "postgres-roles.sh").read_text())
    shell = shell.replace(" TEMPLATE template0 ENCODING 'UTF8'", "")
    for statement in filter(None, (line.strip() for line in BOOTSTRAP.splitlines())):
        assert statement in shell


def test_the_image_is_locked_and_without_root() -> None:
    assert DOCKERFILE.count("--require-hashes") == 2
    assert "npm ci --ignore-scripts" in DOCKERFILE
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "\nUSER yunshang\n" in last_stage
    assert "\nHEALTHCHECK " in last_stage
    packages = ("kernel", "registry", "duty", "referral", "consult", "realtime", "quality")
    for package in (*packages, "server"):
        assert f"\nCOPY {package} {package}\n" in last_stage
        assert (ROOT / package).is_dir()
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
