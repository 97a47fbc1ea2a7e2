"""Settings: read once, said clearly when wrong, passed on unchanged, documented."""

import re
import stat
from dataclasses import fields, replace
from pathlib import Path

import pytest

from kernel.sealing import subkey
from server.keyfile import master_key
from server.settings import Settings, SettingsError, variable

ROOT = Path(__file__).resolve().parents[2]


def test_defaults_are_those_of_one_machine() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.gateway_port) == ("127.0.0.1", 8000, 8001)
    assert settings.origins == {"http://127.0.0.1:8000", "http://localhost:8000"}
    assert settings.gateway_url == "ws://127.0.0.1:8001"
    assert not settings.demo


def test_children_read_the_same_settings() -> None:
    environ = {
        "DATABASE_URL": "postgresql://yunshang_app@/yunshang?host=/run/y",
        "YUNSHANG_PORT": "9000",
        "YUNSHANG_PUBLIC_ORIGINS": "https://a.example.cn, https://b.example.cn:8443",
        "YUNSHANG_DATA_DIR": "/srv/y",
        "YUNSHANG_DEMO": "1",
    }
    settings = Settings.from_env(environ)
    assert settings.origins == {"https://a.example.cn", "https://b.example.cn:8443"}
    assert Settings.from_env(settings.to_env()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YUNSHANG_PORT", "80x"),
        ("YUNSHANG_PORT", "0"),
        ("YUNSHANG_PORT", "65536"),
        ("YUNSHANG_SESSION_IDLE_MINUTES", "0"),
        ("YUNSHANG_DEMO", "perhaps"),
        ("YUNSHANG_LOG_FORMAT", "xml"),
        ("YUNSHANG_LOG_LEVEL", "loud"),
        ("YUNSHANG_PUBLIC_ORIGINS", "*"),
        ("YUNSHANG_PUBLIC_ORIGINS", "https://*.example.cn"),
        ("YUNSHANG_PUBLIC_ORIGINS", "https://a.example.cn/path"),
        ("YUNSHANG_PROT", "8000"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


def test_what_a_process_needs_is_named() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL, VALKEY_URL"):
        Settings().need("database_url", "valkey_url")
    assert variable("owner_database_url") == "YUNSHANG_OWNER_DATABASE_URL"


def test_the_demo_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new", demo=True)
    key = master_key(settings)
    assert len(key) == 32
    assert master_key(settings) == key
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_outside_the_demo_a_key_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="YUNSHANG_SECRET_KEY_FILE"):
        master_key(Settings(data_dir=tmp_path))
    with pytest.raises(SettingsError, match="cannot read"):
        master_key(Settings(secret_key_file=tmp_path / "none"))


@pytest.mark.parametrize("content", [b"", b"short", b"z" * 64, b"a" * 62, b"a" * 66])
def test_a_key_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="32 bytes"):
        master_key(Settings(secret_key_file=path))


def test_raw_and_hex_keys_are_the_same_key(tmp_path: Path) -> None:
    raw, text = tmp_path / "raw", tmp_path / "hex"
    raw.write_bytes(bytes(range(32)))
    text.write_text(bytes(range(32)).hex() + "\n")
    keys = set()
    for path in (raw, text):
        path.chmod(0o600)
        keys.add(master_key(Settings(secret_key_file=path)))
    assert len(keys) == 1


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(bytes(32))
    path.chmod(0o604)
    with pytest.raises(SettingsError, match="chmod 600"):
        master_key(Settings(secret_key_file=path))


def test_purposes_get_different_keys() -> None:
    keys = {subkey(bytes(32), purpose) for purpose in ("tickets", "identifiers", "sessions")}
    assert len(keys) == 3
    assert subkey(bytes(32), "tickets") != subkey(b"\1" * 32, "tickets")


def test_the_operators_guide_lists_every_setting_in_these_words() -> None:
    guide = (ROOT / "docs" / "operators.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| [^|]* \| (.+?) \|$", guide, re.MULTILINE))
    expected = {entry.metadata["env"]: entry.metadata["about"] for entry in fields(Settings)}
    assert rows == expected


def test_settings_do_not_change() -> None:
    settings = Settings()
    assert replace(settings, port=9).port == 9
    with pytest.raises(AttributeError):
        settings.port = 9  # type: ignore[misc]
