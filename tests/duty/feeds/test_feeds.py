"""Calendars by token: whoever holds the address reads the roster, and nobody else."""

import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import icalendar
import pytest
from litestar.testing import AsyncTestClient
from sqlalchemy import text

from duty.feeds import service
from duty.feeds.schemas import NewFeed
from duty.rosters import repository
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.errors import NotFound
from kernel.tokens import token_hash
from kernel.viewer import Viewer
from server.app import create_app
from server.keyfile import master_key
from server.settings import Settings
from tests.duty.region import DESK_PHONE, MOBILE, SEEDER, Region, build
from tests.fixtures.database import Clone
from tests.realtime.browser import ORIGIN, log_in

FIRST = DutyTier.FIRST
MOBILE_LIKE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
IDS_AND_TIMES = {"UID", "DTSTAMP", "DTSTART", "DTEND", "LAST-MODIFIED"}
"""What a calendar holds that chance or the clock wrote: any digits may follow each other there."""


class Desk:
    """One person at the API, and any calendar program."""

    def __init__(self, region: Region, client: AsyncTestClient[Any], token: str) -> None:
        self.region = region
        self._client = client
        self._headers = {"Cookie": f"__Host-yunshang={token}", "Origin": ORIGIN}

    async def issue(self, group_id: UUID | None = None, key: str | None = None) -> httpx.Response:
        headers = self._headers | {"Idempotency-Key": key or str(uuid4())}
        body = {"group_id": None if group_id is None else str(group_id), "label": "手机"}
        return await self._client.post("/api/duty/feeds", headers=headers, json=body)

    async def feeds(self) -> list[dict[str, Any]]:
        answer = await self._client.get("/api/duty/feeds", headers=self._headers)
        found: list[dict[str, Any]] = answer.json()
        return found

    async def revoke(self, feed_id: str) -> httpx.Response:
        path = f"/api/duty/feeds/{feed_id}/revoke"
        return await self._client.post(path, headers=self._headers, json={})

    async def fetch(self, path: str) -> httpx.Response:
        return await self._client.get(path)


@pytest.fixture
async def desks(database: Clone, settings: Settings) -> AsyncIterator[Any]:
    """Makes desks for viewers of one region."""
    installed = dataclasses.replace(settings, public_origins=(ORIGIN,))
    region = await build(database, master=master_key(installed))
    async with AsyncTestClient(create_app(installed)) as client:

        async def desk(who: Viewer | None = None) -> Desk:
            viewer = who or region.experts[FIRST]
            return Desk(region, client, await log_in(region, viewer))

        yield desk


def events(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def words(answer: httpx.Response) -> str:
    """What a calendar says, unfolded, without ids and times."""
    lines = answer.text.replace("\r\n ", "").splitlines()
    return "\n".join(one for one in lines if re.split("[:;]", one)[0] not in IDS_AND_TIMES)


async def test_my_own_duties_by_a_secret_address(desks: Any) -> None:
    desk = await desks()
    issued = (await desk.issue(key="once")).json()
    assert issued["path"].startswith("/api/calendars/")
    (event,) = events(await desk.fetch(issued["path"]))
    assert str(event["summary"]) == "值班 一线 产科 · 产科急救"
    assert str(event["location"]) == "云江市妇幼"
    again = (await desk.issue(key="once")).json()
    assert (again["feed"]["id"], again["path"]) == (issued["feed"]["id"], None)
    (feed,) = await desk.feeds()
    assert feed["last_used_at"] is not None
    token = issued["path"].rpartition("/")[2].removesuffix(".ics")
    async with desk.region.clone.system.session(SEEDER) as session:
        rows = await session.execute(text("SELECT row_to_json(f)::text FROM roster_feed f"))
        assert token not in str(rows.all())
        assert token_hash(token).hex() in str(
            (await session.execute(text("SELECT encode(token_hash, 'hex') FROM roster_feed"))).all()
        )


async def test_a_groups_calendar_names_people_and_no_phone(desks: Any) -> None:
    desk = await desks()
    issued = (await desk.issue(desk.region.group)).json()
    answer = await desk.fetch(issued["path"])
    assert {str(event["summary"]) for event in events(answer)} == {
        f"林晓岚 · {post} 产科" for post in ("一线", "二线", "组长", "总值班")
    }
    said = words(answer)
    assert "林晓岚" in said
    assert MOBILE not in said
    assert DESK_PHONE not in said
    assert MOBILE_LIKE.search(said) is None


async def test_a_cover_replaces_and_a_superseded_shift_vanishes(desks: Any) -> None:
    desk = await desks()
    region: Region = desk.region
    issued = (await desk.issue(region.group)).json()
    start = (region.clock.now() + timedelta(days=3)).replace(microsecond=0)
    await region.shift(FIRST, region.experts[FIRST], start)
    before = {str(event["uid"]): event for event in events(await desk.fetch(issued["path"]))}
    async with region.clone.system.session(SEEDER) as session:
        await rosters.cover(
            session,
            region.clock,
            SEEDER,
            slot_id=region.slots[FIRST],
            person_id=region.experts[DutyTier.SECOND].person_id,
            start=start + timedelta(hours=12),
            end=start + timedelta(hours=24),
        )
    after = {str(event["uid"]): event for event in events(await desk.fetch(issued["path"]))}
    assert set(before) < set(after)
    changed = [uid for uid in before if before[uid].to_ical() != after[uid].to_ical()]
    (uid,) = changed
    assert (before[uid]["sequence"], after[uid]["sequence"]) == (0, 1)
    assert after[uid].decoded("dtend") == start + timedelta(hours=12)


async def test_the_feed_says_what_on_call_says(desks: Any) -> None:
    desk = await desks()
    region: Region = desk.region
    begin = (region.clock.now() + timedelta(days=2)).replace(microsecond=0)
    for number in range(6):
        who = region.experts[FIRST if number % 2 else DutyTier.SECOND]
        await region.shift(FIRST, who, begin + timedelta(hours=12 * number), 12 - number % 3)
    issued = (await desk.issue(region.group)).json()
    found = events(await desk.fetch(issued["path"]))
    for hours in range(-1, 80, 3):
        at = begin + timedelta(hours=hours)
        async with region.clone.app.session(region.doctor) as session:
            answers = await repository.roster(session, region.centre, at)
        standing = {
            f"{answer.slot.id}": answer.person_id for answer in answers if not answer.is_gap
        }
        shown = {
            str(event["uid"]).partition(".")[0]
            for event in found
            if event.decoded("dtstart") <= at < event.decoded("dtend")
        }
        assert shown == set(standing)


async def test_a_revoked_or_guessed_address_leads_nowhere(desks: Any) -> None:
    desk = await desks()
    issued = (await desk.issue()).json()
    ended = (await desk.revoke(issued["feed"]["id"])).json()
    assert ended[0]["revoked_at"] is not None
    for path in (issued["path"], "/api/calendars/guessed.ics", "/api/calendars/x"):
        refused = await desk.fetch(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "kernel.not_found")
    async with desk.region.clone.owner.session(SEEDER) as session:
        with pytest.raises(Exception, match="not revived"):
            await session.execute(text("UPDATE roster_feed SET revoked_at = NULL"))


async def test_whoever_leaves_takes_no_calendar_along(desks: Any) -> None:
    desk = await desks()
    own, group = (await desk.issue()).json(), (await desk.issue(desk.region.group)).json()
    region: Region = desk.region
    person = region.experts[FIRST].person_id
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(
            text(
                "UPDATE role_grant SET during = tstzrange(lower(during), now())"
                " FROM account a WHERE a.id = account_id AND a.person_id = :person"
            ),
            {"person": person},
        )
    assert (await desk.fetch(own["path"])).status_code == 200
    assert (await desk.fetch(group["path"])).status_code == 404
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(
            text("UPDATE account SET disabled_at = now() WHERE person_id = :person"),
            {"person": person},
        )
    assert (await desk.fetch(own["path"])).status_code == 404


async def test_feeds_are_private_bounded_and_for_ones_own_house(desks: Any) -> None:
    desk = await desks()
    region: Region = desk.region
    doctor = await desks(region.doctor)
    foreign = await doctor.issue(region.group)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "duty.not_your_group")
    assert (await doctor.issue(uuid4())).status_code == 404
    mine = (await desk.issue()).json()["feed"]["id"]
    assert (await doctor.revoke(mine)).status_code == 404
    assert await doctor.feeds() == []
    async with region.clone.app.session(region.doctor) as session:
        assert (await session.execute(text("SELECT * FROM roster_feed"))).all() == []
        with pytest.raises(NotFound):
            await service.revoke(session, region.clock, region.doctor, UUID(mine))
        for _ in range(service.LIVE_AT_ONCE):
            await service.issue(session, region.clock, region.doctor, NewFeed())
    refused = await doctor.issue()
    assert (refused.status_code, refused.json()["code"]) == (409, "duty.too_many_feeds")
