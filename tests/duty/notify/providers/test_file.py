"""The providers file: private, exact, and never a simulator in earnest."""

from pathlib import Path

import pytest

from duty.notify.providers.build import build_channels
from duty.notify.providers.file import NONE, ProvidersError, read
from duty.notify.providers.limits import limits_of
from kernel.clock import SystemClock
from server.channels import contracts
from server.settings import Settings, SettingsError

MAIL = '[email]\nhost = "mail.example.cn"\nsender = "duty@example.cn"\n'


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "providers.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_process_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[emial]\n")
    with pytest.raises(SettingsError, match=r"YUNSHANG_PROVIDERS_FILE: .*emial"):
        contracts(Settings(providers_file=path))


async def test_without_a_file_there_are_only_webhooks() -> None:
    assert read(None, demo=False) == NONE
    channels = build_channels(NONE, SystemClock())
    assert list(channels) == ["webhook"]
    await channels["webhook"].close()


def test_a_section_is_a_channel(tmp_path: Path) -> None:
    found = read(written(tmp_path, MAIL + "[channels.email]\nat_once = 3\n"), demo=False)
    assert found.email is not None
    assert limits_of(found)["email"].at_once == 3
    assert limits_of(found)["email"].timeout_s == limits_of(NONE)["email"].timeout_s


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ProvidersError, match="chmod 600"):
        read(written(tmp_path, MAIL, mode), demo=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[emial]\n", "emial"),
        ("[email]\nhost = 3\n", "host"),
        ("no toml", "providers.toml"),
        (MAIL + 'tls = "none"\n', "in the clear"),
        ('[wecom_robot]\nbase_url = "http://qyapi.weixin.qq.com"\n', "https"),
        ('public_url = "http://yunshang.example.cn"\n', "https"),
        ('[sms]\norder = ["aliyun"]\n', "sms.aliyun"),
        ('[sms]\norder = ["aliyun"]\nwith_link = true\n', "public_url"),
        ('[callbacks]\nsecret = "short"\n', "secret"),
        ('[callbacks]\nsecret = "long enough to be one"\nnetworks = ["x"]\n', "networks"),
        ('[simulator]\nport = 1\nsmtp_port = 2\ntarget = "x"\n', "demo"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ProvidersError, match=says):
        read(written(tmp_path, text), demo=False)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProvidersError, match="cannot be read"):
        read(tmp_path / "none.toml", demo=True)


def test_every_channels_limits_end_before_a_senders_lease() -> None:
    for limits in limits_of(NONE).values():
        assert 0 < limits.timeout_s < 10
        assert limits.at_once >= 1
        assert limits.receipt_within_s >= 60
