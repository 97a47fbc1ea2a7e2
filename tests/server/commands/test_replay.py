"""`yunshang replay FILE` beside a demo needs no token: the demo has empty beds."""

from pathlib import Path

import pytest

from server.commands.replay import demo_agent
from server.demo.devices import REPLAY, token
from server.keyfile import master_key
from server.settings import Settings, SettingsError


def test_without_a_demo_the_token_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--token-file"):
        demo_agent(Settings(data_dir=tmp_path), 1, (), ())


def test_beside_a_demo_its_agent_and_empty_beds_are_used(tmp_path: Path) -> None:
    master = master_key(Settings(data_dir=tmp_path, demo=True))
    bearer, devices, beds = demo_agent(Settings(data_dir=tmp_path), 2, (), ())
    assert bearer == token(master, "LJ001")
    assert list(devices) == ["SN-LJ001-R1", "SN-LJ001-R2"]
    assert len(set(beds)) == 2


def test_named_devices_stay(tmp_path: Path) -> None:
    master_key(Settings(data_dir=tmp_path, demo=True))
    _, devices, beds = demo_agent(Settings(data_dir=tmp_path), 1, ["SN-1"], ["产房 9 床"])
    assert (devices, beds) == (["SN-1"], ["产房 9 床"])


def test_more_tracings_than_beds_are_refused(tmp_path: Path) -> None:
    master_key(Settings(data_dir=tmp_path, demo=True))
    with pytest.raises(SettingsError, match="fewer at a time"):
        demo_agent(Settings(data_dir=tmp_path), len(REPLAY) + 1, (), ())
