"""A colour that a person confirmed opens the file, through the outbox, exactly once."""

from uuid import UUID

from celery import Celery

from kernel.ids import PregnancyId
from kernel.relay import Relay
from kernel.sealing import Sealer
from referral.casefiles.queries.files import file_of_pregnancy
from registry.risk import service as risk
from registry.risk.rulesets import Colour
from registry.risk.schemas import OverrideGrade
from registry.risk.service import GRADED
from server.subscriptions import Subscriptions
from tests.referral.casefiles import filing
from tests.referral.network import Network

NOWHERE = "redis://127.0.0.1:1/0"


async def _decide(net: Network, pregnancy: UUID, colour: str, *, purple: bool = False) -> None:
    doctor = net.staff["county_doctor"]
    order = OverrideGrade(
        colour=Colour(colour), purple=purple, reason="复核后由医师判定", proposal_id=None
    )
    async with net.clone.app.session(doctor) as session:
        await risk.override(session, net.clock, doctor, PregnancyId(pregnancy), order)


async def _relay(net: Network) -> None:
    subscriptions = Subscriptions(
        net.clone.system, net.clock, NOWHERE, Celery(), Sealer(b"k" * 32), demo=False
    )
    relay = Relay(net.clone.system, {GRADED: subscriptions.handlers()[GRADED]})
    try:
        while await relay.run_once():
            pass
    finally:
        await subscriptions.close()


async def _file(net: Network, pregnancy: UUID) -> UUID | None:
    doctor = net.staff["county_doctor"]
    async with net.clone.app.session(doctor) as session:
        return (await file_of_pregnancy(session, doctor, pregnancy)).case_id


async def test_red_opens_yellow_proposes_closing(fresh_net: Network) -> None:
    net = fresh_net
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    await _decide(net, pregnancy, "red")
    await _relay(net)
    case_id = await _file(net, pregnancy)
    assert case_id is not None
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.colour, file.reason, file.mine) == ("red", "grade", True)
    assert file.grade_id is not None
    await _relay(net)
    assert (await filing.look(net, "county_doctor", case_id)).version == file.version
    await _decide(net, pregnancy, "yellow")
    await _relay(net)
    after = await filing.look(net, "county_doctor", case_id)
    assert (after.state, after.colour, after.lowered) == ("opened", "yellow", True)


async def test_yellow_opens_none_and_purple_does(fresh_net: Network) -> None:
    net = fresh_net
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    await _decide(net, pregnancy, "yellow")
    await _relay(net)
    assert await _file(net, pregnancy) is None
    await _decide(net, pregnancy, "yellow", purple=True)
    await _relay(net)
    assert await _file(net, pregnancy) is not None
