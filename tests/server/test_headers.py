"""What pages may speak to."""

import pytest

from server.headers import content_security_policy


@pytest.mark.parametrize(
    ("media", "place"),
    [(["wss://media.test/media/1"], " wss://media.test "), ([], "'self' wss://gateway.test ws:")],
)
def test_sockets_go_to_the_gateway_and_to_any_media_worker_of_the_host(
    media: list[str], place: str
) -> None:
    policy = content_security_policy("wss://gateway.test", *media)
    (sockets,) = [part for part in policy.split(";") if part.strip().startswith("connect-src")]
    assert place in sockets
    assert "/media/1" not in sockets
