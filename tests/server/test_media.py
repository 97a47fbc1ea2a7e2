"""Which engine carries rooms: chosen once, refused clearly, and let through to pages."""

import pytest

from server.headers import content_security_policy
from server.media import media_engine, media_places
from server.settings import Settings, SettingsError

VALKEY = "redis://127.0.0.1:6379/0"
CHOSEN = {
    "YUNSHANG_ROOM_ENGINE": "janus",
    "YUNSHANG_JANUS_URL": "ws://127.0.0.1:8188/",
    "YUNSHANG_JANUS_ADMIN_KEY": "makes-rooms",
    "VALKEY_URL": VALKEY,
}
LIVEKIT = {
    "YUNSHANG_ROOM_ENGINE": "livekit",
    "YUNSHANG_LIVEKIT_URL": "http://127.0.0.1:7880",
    "YUNSHANG_LIVEKIT_PUBLIC_URL": "wss://livekit.example.cn/",
    "YUNSHANG_LIVEKIT_API_KEY": "ours",
    "YUNSHANG_LIVEKIT_API_SECRET": "a secret of thirty-two characters",
    "VALKEY_URL": VALKEY,
}


async def test_our_own_workers_unless_another_is_chosen() -> None:
    engine = media_engine(Settings.from_env({"VALKEY_URL": VALKEY}), bytes(32))
    assert engine is not None
    assert engine.name == "forward"
    await engine.close()
    for settings in (CHOSEN, LIVEKIT):
        chosen = media_engine(Settings.from_env(settings), bytes(32))
        assert chosen is not None
        assert chosen.name == settings["YUNSHANG_ROOM_ENGINE"]
        await chosen.close()


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (CHOSEN, "YUNSHANG_JANUS_URL"),
        (CHOSEN, "YUNSHANG_JANUS_ADMIN_KEY"),
        *((LIVEKIT, name) for name in LIVEKIT if name.startswith("YUNSHANG_LIVEKIT")),
    ],
)
def test_a_foreign_engine_needs_its_addresses_and_its_keys(
    settings: dict[str, str], missing: str
) -> None:
    rest = {name: value for name, value in settings.items() if name != missing}
    with pytest.raises(SettingsError, match=missing):
        media_engine(Settings.from_env(rest), bytes(32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"YUNSHANG_ROOM_ENGINE": "jitsi"},
        {"YUNSHANG_JANUS_URL": "http://127.0.0.1"},
        {"YUNSHANG_LIVEKIT_URL": "ws://127.0.0.1:7880"},
        {"YUNSHANG_LIVEKIT_PUBLIC_URL": "https://livekit.example.cn"},
    ],
)
def test_what_cannot_be_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings.from_env(wrong)


def test_pages_may_open_sockets_to_what_carries_rooms() -> None:
    own = Settings.from_env({"YUNSHANG_MEDIA_PUBLIC_URL": "wss://a.example.cn/media/1"})
    assert media_places(own) == ("wss://a.example.cn/media/1",)
    assert media_places(Settings.from_env({})) == ()
    assert media_places(Settings.from_env(CHOSEN)) == ("ws://127.0.0.1:8188/",)
    outside = CHOSEN | {"YUNSHANG_JANUS_PUBLIC_URL": "wss://janus.example.cn/"}
    assert media_places(Settings.from_env(outside)) == ("wss://janus.example.cn/",)
    policy = content_security_policy("", *media_places(Settings.from_env(LIVEKIT)))
    assert " wss://livekit.example.cn https://livekit.example.cn " in policy
