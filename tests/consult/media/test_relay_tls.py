"""A real browser from where nothing but TLS gets out: over a real coturn to a worker, both ways."""

from pathlib import Path

from tests.bench.video.stage import bundled, chromium, stage
from tests.consult.media.peers.relay_process import Relay

UNKNOWN_SIGNER = "--ignore-certificate-errors"
"""Nobody signed the relay's certificate but itself."""


async def test_a_browser_reaches_a_worker_by_tls_alone(valkey_url: str, tmp_path: Path) -> None:
    relay = Relay(tmp_path, secure=True)
    try:
        await relay.ready()
        async with (
            chromium(UNKNOWN_SIGNER) as browser,
            stage(valkey_url, browser, bundled(), [relay.url]) as one,
            one.person() as host,
            one.direct(relayed=True) as guest,
        ):
            for person in (host, guest):
                await person.join()
            for person in (host, guest):
                await person.sees()
            assert set(await guest.ways()) == {"relay/tls"}
    finally:
        relay.stop()
