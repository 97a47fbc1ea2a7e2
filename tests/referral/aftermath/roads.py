"""Cases brought to where something follows them."""

from uuid import UUID

from kernel.ids import CaseId
from referral.commands.on_case import Close, Commit
from referral.commands.on_leg import Arrive, Depart, SignHandover
from referral.commands.on_offer import Accept
from referral.service.accept import accept
from referral.service.arrive import arrive, sign_handover
from referral.service.commit import take_up
from referral.service.finish import close
from referral.service.travel import depart
from tests.referral.network import STABLE, Network

HALF = {"condition": "平稳", "drugs": "缩宫素 20 U", "blood": "红细胞 4 U", "documents": "病历"}


async def accepted(net: Network, **changes: object) -> tuple[CaseId, UUID]:
    """Sent to the city, which has a bed."""
    case = await net.sent(net.places["city"], **changes)  # type: ignore[arg-type]
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="产科 ICU 1 床")
    return case, offer


async def on_the_road(net: Network, **changes: object) -> tuple[CaseId, UUID]:
    """The doors are closed."""
    case, offer = await accepted(net, **changes)
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    return case, leg


async def handed_over(net: Network, **changes: object) -> CaseId:
    """Both have signed."""
    case, leg = await on_the_road(net, **changes)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    for who in ("county_doctor", "city_expert"):
        await net.act(who, case, sign_handover, SignHandover, on=leg, **HALF)
    return case


async def closed(net: Network, outcome: str = "rescued", **changes: object) -> CaseId:
    """Outcome and feedback have gone back to the sender."""
    case = await handed_over(net)
    said = {"outcome": outcome, "diagnosis": "产后出血", "feedback": "转运及时", **changes}
    await net.act("city_expert", case, close, Close, **said)
    return case
