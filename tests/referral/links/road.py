"""A case on the road with a crew that came by a link."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands.on_case import Commit
from referral.commands.on_leg import Depart
from referral.commands.on_offer import Accept
from referral.links import sessions
from referral.links.commands import CrewEntry, CrewFix, Holder, Sync
from referral.links.service import issue
from referral.links.service.issue import Issued
from referral.links.service.sync import Handed, sync
from referral.service.accept import accept
from referral.service.commit import take_up
from referral.service.travel import depart
from tests.referral.network import SEALER, STABLE, Network

DEVICE = UUID(int=7)
HOLDER = Holder(name="何静", post="急救护士", phone="19900001234")


async def committed(net: Network) -> tuple[CaseId, UUID]:
    """A case with a yes taken up; its leg."""
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1 床")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    return case, (await net.see("county_doctor", case)).legs[0].id


async def moving(net: Network) -> tuple[CaseId, UUID]:
    """Her doors have closed."""
    case, leg = await committed(net)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    return case, leg


async def issued(net: Network, leg: UUID, who: str = "county_doctor") -> Issued:
    """A crew link for the leg."""
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await issue.for_crew(session, net.clock, viewer, SEALER, leg, HOLDER)


async def opened(net: Network, link: Issued) -> Viewer | None:
    """Who comes in by the link's token, if the door opens."""
    async with net.clone.app.session(sessions_nobody()) as session:
        opening = await sessions.open_link(session, net.clock, link.token)
    return await seen(net, opening.secret)


async def seen(net: Network, secret: str) -> Viewer | None:
    """Whom the door sees behind a cookie."""
    async with net.clone.app.session(sessions_nobody()) as session:
        return await sessions.find(session, secret, net.clock.now(), demo=False)


def sessions_nobody() -> Viewer:
    """Before anybody is known."""
    return Viewer.system("anonymous")


async def crew(net: Network, leg: UUID) -> Viewer:
    """The holder of a fresh link."""
    viewer = await opened(net, await issued(net, leg))
    assert viewer is not None
    net.staff["link"] = viewer
    return viewer


def entry(seq: int, kind: str, at: datetime, /, **data: Any) -> CrewEntry:
    """One thing entered on the phone."""
    more = {name: data.pop(name) for name in ("destination_id", "happened_at") if name in data}
    return CrewEntry(id=UUID(int=1000 + seq), seq=seq, at=at, kind=kind, data=data, **more)


async def hand_over(
    net: Network,
    viewer: Viewer,
    *entries: CrewEntry,
    device: UUID = DEVICE,
    now: datetime | None = None,
    offset_ms: int | None = None,
    positions: list[CrewFix] | None = None,
) -> Handed:
    """One request of the phone."""
    order = Sync(
        device_id=device,
        now=now or net.clock.now(),
        offset_ms=offset_ms,
        entries=list(entries),
        positions=positions or [],
    )
    async with net.clone.app.session(viewer) as session:
        return await sync(session, net.clock, viewer, order)


def track(start: datetime, *places: tuple[float, float]) -> list[CrewFix]:
    """Fixes a minute apart."""
    return [
        CrewFix(at=start + timedelta(minutes=n), latitude=lat, longitude=lon)
        for n, (lat, lon) in enumerate(places)
    ]
