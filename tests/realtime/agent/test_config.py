"""The centre's file: what is wrong is said in one line that names the place."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from realtime.agent.config import ConfigError, read_config
from server.cli import app
from tests.realtime.gateway.process import ROOT

GOOD = """
gateway = "wss://ctg.example.cn"
token_file = "token"
[[monitor]]
device = "SN-1"
kind = "philips"
port = "/dev/ttyUSB0"
"""


def read(place: Path, text: str) -> str:
    """The error of a file, or nothing."""
    file = place / "agent.toml"
    file.write_text(text)
    try:
        read_config(file)
    except ConfigError as error:
        return str(error)
    return ""


def test_the_unit_starts_what_the_program_takes_and_never_gives_up(
    tmp_path: Path,
) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "docker" / "yunshang-agent.service", "utf-8")
    service = unit["Service"]
    assert (service["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert read(tmp_path, GOOD) == ""
    program, *checked = service["ExecStartPre"].split()
    started = service["ExecStart"].split()
    assert [program, *checked] == [*started, "--check"]
    words = [one.replace(service["WorkingDirectory"], str(tmp_path)) for one in checked]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output


def test_a_good_file_is_read_and_paths_are_beside_it(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == ""
    config = read_config(tmp_path / "agent.toml")
    assert config.token_file == str(tmp_path / "token")
    assert config.buffer == str(tmp_path / "buffer.db")
    assert config.buffer_bytes > 10**7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("wss:", "ws:"), "not encrypted"),
        (("wss://ctg.example.cn", "ctg.example.cn"), "`gateway` is wss://host"),
        (('"philips"', '"phillips"'), "there are corometrics, csv"),
        (("/dev/ttyUSB0", "tcp://box"), "`port` is tcp://host:number"),
        (("/dev/ttyUSB0", "udp://box:1"), "`port` is a serial line"),
        (("[[monitor]]", "speed = 3\n[[monitor]]"), "speed"),
        (("[[monitor]]", "max_kbit_per_s = 0.5\n[[monitor]]"), "max_kbit_per_s"),
        (('device = "SN-1"', 'device = "SN-1"\noff_s = 3'), "off_s"),
        (('device = "SN-1"', 'device = "SN-1"\nbed = "1\\u00003"'), "bed"),
        (('token_file = "token"', ""), "token_file"),
        (("[[monitor]]", "[[monitor"), "not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    assert said in read(tmp_path, GOOD.replace(*change))


def test_a_monitor_named_twice_and_a_cap_too_low_are_refused(tmp_path: Path) -> None:
    twice = GOOD + GOOD[GOOD.index("[[monitor]]") :]
    assert "named twice" in read(tmp_path, twice)
    many = GOOD.replace("[[monitor]]", "max_kbit_per_s = 2\n[[monitor]]")
    many += '[[monitor]]\ndevice = "SN-2"\nkind = "csv"\nport = "file:///x"\n'
    assert "must be at least 2.64" in read(tmp_path, many)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "nothing.toml")
