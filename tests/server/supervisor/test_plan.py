"""The demo's roles: complete, startable in their order, stoppable in theirs."""

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from server.channels import contracts
from server.cli import app
from server.commands.simulate import simulate
from server.demo.media import with_media_port
from server.demo.phones import phones_url, with_phones
from server.embedded.layout import prepare_layout
from server.settings import Settings, SettingsError
from server.supervisor.plan import APPLICATIONS, POSTGRES, VALKEY, demo_roles, demo_settings
from server.supervisor.shell import Role
from server.vitals import EXPECTED

COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def _roles(place: Path) -> dict[str, Role]:
    layout = prepare_layout(place)
    settings = demo_settings(Settings(data_dir=place, port=8123), layout)
    return {role.name: role for role in demo_roles(settings, layout)}


def test_every_process_has_a_role_and_is_asked_whether_it_works(short_dir: Path) -> None:
    roles = _roles(short_dir)
    assert {"postgres", "valkey", "migrate", *EXPECTED} <= set(roles)
    for name in ("postgres", "valkey", *EXPECTED):
        assert roles[name].answers is not None


def test_needs_form_an_order(short_dir: Path) -> None:
    roles = _roles(short_dir)
    begun: set[str] = set()
    while len(begun) < len(roles):
        able = {name for name, role in roles.items() if begun.issuperset(role.needs)}
        assert able > begun, f"these wait for each other: {set(roles) - begun}"
        begun = able
    assert not [name for name, role in roles.items() for need in role.needs if roles[need].aside]


def test_simulated_phones_ring_beside_the_rest_and_are_private(short_dir: Path) -> None:
    layout = prepare_layout(short_dir)
    settings = with_phones(demo_settings(Settings(data_dir=short_dir, port=8123), layout))
    assert settings.providers_file is not None
    assert settings.providers_file.stat().st_mode & 0o077 == 0
    found = contracts(settings)
    assert found.simulator is not None
    assert found.simulator.target == "http://127.0.0.1:8123"
    (phones,) = [role for role in demo_roles(settings, layout) if role.name == "phones"]
    assert phones.aside
    assert phones.program.argv[-1] == "simulate-providers"
    again = with_phones(replace(settings, providers_file=None))
    assert phones_url(again.providers_file) == phones_url(settings.providers_file)
    assert with_phones(settings) is settings


def test_nobody_plays_telephone_in_earnest(short_dir: Path) -> None:
    layout = prepare_layout(short_dir)
    settings = with_phones(demo_settings(Settings(data_dir=short_dir), layout))
    for earnest in (replace(settings, demo=False), replace(settings, providers_file=None)):
        with pytest.raises(SettingsError):
            simulate(earnest)
    with pytest.raises(SettingsError, match="simulator"):
        contracts(replace(settings, demo=False))


def test_the_media_worker_stands_beside_the_rest_at_a_port_that_it_keeps(short_dir: Path) -> None:
    layout = prepare_layout(short_dir)
    settings = with_media_port(demo_settings(Settings(data_dir=short_dir, port=8123), layout))
    assert settings.media_port
    assert with_media_port(settings) is settings
    (media,) = [role for role in demo_roles(settings, layout) if role.name == "media"]
    assert media.aside
    assert media.answers is not None
    assert media.program.environ["YUNSHANG_MEDIA_PORT"] == str(settings.media_port)


def test_the_database_stops_last(short_dir: Path) -> None:
    roles = _roles(short_dir)
    assert APPLICATIONS < VALKEY < POSTGRES
    for name, role in roles.items():
        stage = {"postgres": POSTGRES, "valkey": VALKEY}.get(name, APPLICATIONS)
        assert role.stage == stage


def test_children_get_commands_that_exist_and_the_same_settings(short_dir: Path) -> None:
    for name, role in _roles(short_dir).items():
        if name in {"postgres", "valkey"}:
            continue
        assert role.program.argv[-3:-1] == ("-m", "server.cli")
        assert role.program.argv[-1] in COMMANDS
        environ = {
            key: value
            for key, value in role.program.environ.items()
            if key.startswith("YUNSHANG_") or key in {"DATABASE_URL", "VALKEY_URL"}
        }
        settings = Settings.from_env(environ)
        assert settings.port == 8123
        assert settings.demo
        assert settings.data_dir == short_dir.resolve()
        assert "yunshang_app@" in settings.database_url
