"""Which engine carries rooms: chosen once, refused clearly, and let through to pages."""

import pytest

from server.media import media_engine, media_place
from server.settings import Settings, SettingsError

VALKEY = "redis://127.0.0.1:6379/0"
CHOSEN = {
    "YUNSHANG_ROOM_ENGINE": "janus",
    "YUNSHANG_JANUS_URL": "ws://127.0.0.1:8188/",
    "YUNSHANG_JANUS_ADMIN_KEY": "makes-rooms",
    "VALKEY_URL": VALKEY,
}


async def test_our_own_workers_unless_another_is_chosen() -> None:
    engine = media_engine(Settings.from_env({"VALKEY_URL": VALKEY}), bytes(32))
    assert engine is not None
    assert engine.name == "forward"
    await engine.close()
    chosen = media_engine(Settings.from_env(CHOSEN), bytes(32))
    assert chosen is not None
    assert chosen.name == "janus"
    await chosen.close()


@pytest.mark.parametrize("missing", ["YUNSHANG_JANUS_URL", "YUNSHANG_JANUS_ADMIN_KEY"])
def test_janus_needs_its_address_and_its_key(missing: str) -> None:
    rest = {name: value for name, value in CHOSEN.items() if name != missing}
    with pytest.raises(SettingsError, match=missing):
        media_engine(Settings.from_env(rest), bytes(32))


@pytest.mark.parametrize(
    "wrong", [{"YUNSHANG_ROOM_ENGINE": "jitsi"}, {"YUNSHANG_JANUS_URL": "http://127.0.0.1"}]
)
def test_what_cannot_be_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings.from_env(wrong)


def test_pages_may_open_sockets_to_what_carries_rooms() -> None:
    own = Settings.from_env({"YUNSHANG_MEDIA_PUBLIC_URL": "wss://a.example.cn/media/1"})
    assert media_place(own) == "wss://a.example.cn/media/1"
    assert media_place(Settings.from_env(CHOSEN)) == "ws://127.0.0.1:8188/"
    outside = CHOSEN | {"YUNSHANG_JANUS_PUBLIC_URL": "wss://janus.example.cn/"}
    assert media_place(Settings.from_env(outside)) == "wss://janus.example.cn/"
