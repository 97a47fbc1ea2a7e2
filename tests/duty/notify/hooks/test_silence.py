"""What nobody confirms ends: not delivered, or delivered where the person's answer proves it."""

from datetime import timedelta

from sqlalchemy import text

from duty.escalation import service
from duty.notify.hooks.silence import Silence
from duty.notify.providers.limits import Limits
from tests.duty.notify.test_outgoing import FIRST, point
from tests.duty.region import SEEDER, Region

SHORT = {
    name: Limits(at_once=1, timeout_s=1, receipt_within_s=60, confirms=name == "sms")
    for name in ("sms", "wecom_app", "in_app")
}


async def states(region: Region) -> dict[str, tuple[str, str | None]]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text(
                "SELECT channel, state, error FROM page_message m WHERE person_id = :p"
                " ORDER BY channel"
            ),
            {"p": region.experts[FIRST].person_id},
        )
        return {row.channel: (row.state, row.error) for row in rows}


async def sent(region: Region, ago: timedelta) -> None:
    """Everything was taken over by its channel so long ago."""
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "UPDATE page_message SET state = 'sent', lease_until = NULL,"
                " settled_at = clock_timestamp() - CAST(:ago AS interval)"
            ),
            {"ago": ago},
        )


async def test_silence_is_an_answer_after_a_while(region: Region) -> None:
    await point(region, "sms")
    await point(region, "wecom_app")
    await region.page()
    silence = Silence(region.clone.system, SHORT)
    await sent(region, timedelta(seconds=50))
    assert not await silence.run_once()
    assert (await states(region))["sms"] == ("sent", None)
    await sent(region, timedelta(seconds=70))
    await silence.run_once()
    found = await states(region)
    assert found["sms"] == ("unreachable", "no_receipt")
    assert found["wecom_app"] == ("unreachable", "no_receipt")
    assert found["in_app"] == ("sent", None), "a browser may still come while the page rings"


async def test_an_answer_is_the_receipt_of_what_never_confirms(region: Region) -> None:
    await point(region, "sms")
    await point(region, "wecom_app")
    page_id = await region.page()
    expert = region.experts[FIRST]
    async with region.clone.app.session(expert) as session:
        await service.acknowledge(session, region.clock, expert, page_id)
    await sent(region, timedelta(seconds=70))
    await Silence(region.clone.system, SHORT).run_once()
    found = await states(region)
    assert found["sms"] == ("unreachable", "no_receipt")
    assert found["wecom_app"] == ("delivered", None)
    assert found["in_app"][0] == "delivered"
