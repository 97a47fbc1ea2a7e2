"""A token that was revoked, or whose overlap is over, stops opening within a recheck."""

from __future__ import annotations

from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.realtime.conftest import Site
from tests.realtime.wire import Sender, frame

REVOKE_AGENT = "UPDATE ctg_device SET revoked_at = clock_timestamp() WHERE kind = 'agent'"
REVOKE_MONITOR = "UPDATE ctg_device SET revoked_at = clock_timestamp() WHERE serial = 'SN-0001'"


@pytest.mark.parametrize("what", [REVOKE_AGENT, REVOKE_MONITOR])
async def test_whoever_was_revoked_is_hung_up_on(site: Site, what: str) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4())
    await sender.send(frame(1))
    await sender.until_acked(1)
    await site.fetch(what)
    with pytest.raises(ConnectionClosed) as cut:
        while True:
            await sender.receive()
    assert cut.value.rcvd is not None
    assert (cut.value.rcvd.code, cut.value.rcvd.reason) == (1008, "ctg.device_revoked")


async def test_revoked_it_comes_in_no_more(site: Site) -> None:
    await site.fetch(REVOKE_AGENT)
    with pytest.raises(InvalidStatus):
        await Sender.dial(site.url, site.token)


async def test_whoever_may_send_stays(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4())
    await site.fetch(
        "UPDATE ctg_device SET old_token_hash = token_hash, token_hash = sha256('new'),"
        " old_token_until = clock_timestamp() + interval '1 hour' WHERE kind = 'agent'"
    )
    other = await Sender.dial(site.url, "new")
    await site.fetch(
        "UPDATE ctg_device SET old_token_until = clock_timestamp() WHERE kind = 'agent'"
    )
    with pytest.raises(ConnectionClosed):
        while True:
            await sender.receive()
    await other.open(uuid4(), stream=2)
    await other.send(frame(1, stream=2))
    await other.until_acked(1, stream=2)
    await other.close()
