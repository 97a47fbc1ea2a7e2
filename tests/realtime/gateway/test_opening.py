"""Recordings are opened many at a time; what is wrong with one of them is its own matter."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from realtime.gateway.live import Recording
from realtime.gateway.opening import FAILED_CODE
from realtime.gateway.store import OpenRequest
from tests.realtime.conftest import Site
from tests.realtime.wire import Sender, frame

BEYOND = datetime.fromisoformat("0001-01-01T00:00:00+14:00")


def request(site: Site, number: int) -> OpenRequest:
    moment = datetime(2026, 11, 22, 3, tzinfo=UTC)
    return OpenRequest(uuid4(), f"SN-{number:04d}", site.facility, ("fhr1",), moment, "产房3床")


@pytest.mark.parametrize("wrong", [{"bed": "\0"}, {"device": "SN\0"}, {"started_at": BEYOND}])
async def test_what_the_database_does_not_take_of_one_shuts_no_other_out(
    site: Site, wrong: dict[str, object]
) -> None:
    asked = [request(site, number) for number in range(4)]
    asked[2] = replace(asked[2], **wrong)  # type: ignore[arg-type]
    open_ = site.gateway._opener.open
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(open_(one) for one in asked))
    assert answers[2] == FAILED_CODE
    assert all(isinstance(answers[number], Recording) for number in (0, 1, 3))
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await sender.until_acked(1)
    await sender.close()
