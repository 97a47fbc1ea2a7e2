"""Every message reaches a final state, whoever dies on the way."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.escalation import service
from duty.notify import endpoints
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.channels.guarded import EndpointRules
from duty.notify.channels.webhook import WebhookChannel
from duty.notify.delivery import Delivery
from duty.notify.schemas import EndpointIn
from duty.notify.states import MessageState
from duty.rosters.oncall import DutyTier
from kernel.ids import PageId
from tests.duty.notify.receiver import receiving
from tests.duty.region import SEEDER, Region

LOCAL = EndpointRules(schemes=frozenset({"http"}), address_ok=lambda address: True)
FIRST = DutyTier.FIRST


class Scripted:
    """A channel that answers as told; `hold` keeps it inside the call."""

    name = "webhook"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[Outgoing] = []
        self.hold: asyncio.Event | None = None
        self.called = asyncio.Event()

    async def close(self) -> None:
        """Nothing to close."""

    async def send(self, message: Outgoing) -> Outcome:
        self.got.append(message)
        self.called.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


async def endpoint(region: Region, url: str = "https://hook.example.cn/") -> UUID:
    """The first line's own webhook."""
    wanted = EndpointIn(
        label="phone gateway",
        url=url,
        secret="a shared secret of it",
        person_id=region.experts[FIRST].person_id,
    )
    rules = LOCAL if url.startswith("http:") else None
    async with region.clone.system.session(SEEDER) as session:
        made = await endpoints.register(session, region.clock, SEEDER, region.sealer, wanted, rules)
    return made.id


async def messages(region: Region, channel: str = "webhook") -> list[tuple[UUID, str, int, int]]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text(
                "SELECT id, state, try, attempt FROM page_message WHERE channel = :c ORDER BY try"
            ),
            {"c": channel},
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]


async def set_due(region: Region) -> None:
    """Everything that waits is due now, and every lease is over."""
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "UPDATE page_message SET available_at = clock_timestamp() - interval '1 minute',"
                " lease_until = CASE WHEN lease_until IS NOT NULL"
                "  THEN clock_timestamp() - interval '1 second' END"
            )
        )


async def reach(region: Region, page_id: PageId) -> str:
    async with region.clone.system.session(SEEDER) as session:
        return (
            await session.execute(
                text("SELECT state FROM page_target WHERE page_id = :p AND person_id = :x"),
                {"p": page_id, "x": region.experts[FIRST].person_id},
            )
        ).scalar_one()


def delivery(region: Region, channel: object) -> Delivery:
    return Delivery(region.clone.system, region.sealer, {"webhook": channel})  # type: ignore[dict-item]


async def test_a_message_goes_out_and_the_person_counts_as_sent_to(region: Region) -> None:
    async with receiving() as receiver:
        await endpoint(region, receiver.url)
        page_id = await region.page()
        ((message_id, state, _, _),) = await messages(region)
        assert state == "queued"
        channel = WebhookChannel(region.clock, rules=LOCAL)
        sender = delivery(region, channel)
        assert await sender.deliver(message_id) == MessageState.SENT
        assert await sender.deliver(message_id) is None
        await channel.close()
        assert len(receiver.requests) == 1
        assert b'"callback":"19900005678"' in receiver.requests[0][1]
    assert await reach(region, page_id) == "sent"


@pytest.mark.parametrize("drill", [True, False])
async def test_a_page_about_a_practice_case_is_worded_as_practice(
    region: Region, drill: bool
) -> None:
    await endpoint(region)
    await region.page(await region.open_case(drill=drill))
    ((message_id, *_),) = await messages(region)
    channel = Scripted(Sent())
    await delivery(region, channel).deliver(message_id)
    assert [one.purpose for one in channel.got] == [Purpose.DRILL if drill else Purpose.PAGE]


async def test_a_sender_that_dies_leaves_a_lease_and_the_message_goes_out_again(
    region: Region,
) -> None:
    """As after kill -9: the claim is committed, no result ever comes."""
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    dying = Scripted(Sent())
    dying.hold = asyncio.Event()
    killed = asyncio.create_task(delivery(region, dying).deliver(message_id))
    await dying.called.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    heir = Scripted(Sent())
    assert await delivery(region, heir).deliver(message_id) is None
    await set_due(region)
    assert await delivery(region, heir).deliver(message_id) == MessageState.SENT
    assert dying.got[0].id == heir.got[0].id == message_id
    assert [message[1:] for message in await messages(region)] == [("sent", 1, 2)]


async def test_a_late_word_from_a_lost_lease_changes_nothing(region: Region) -> None:
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    slow = Scripted(Failed("late", again=True))
    slow.hold = asyncio.Event()
    late = asyncio.create_task(delivery(region, slow).deliver(message_id))
    await slow.called.wait()
    await set_due(region)
    assert await delivery(region, Scripted(Sent())).deliver(message_id) == MessageState.SENT
    slow.hold.set()
    assert await late is None
    assert [message[1] for message in await messages(region)] == ["sent"]


async def test_a_late_word_settles_nothing_while_the_heir_still_sends(region: Region) -> None:
    """Both are on the line; the attempt number says whose word counts."""
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    slow, heir = Scripted(Failed("late", again=True)), Scripted(Sent())
    sending = []
    for channel in (slow, heir):
        channel.hold = asyncio.Event()
        await set_due(region)
        sending.append(asyncio.create_task(delivery(region, channel).deliver(message_id)))
        await channel.called.wait()
    for channel, task, said in zip((slow, heir), sending, (None, MessageState.SENT), strict=True):
        assert channel.hold is not None
        channel.hold.set()
        assert await task == said
    assert [message[1:] for message in await messages(region)] == [("sent", 1, 2)]


async def test_doubt_is_sent_again_under_the_same_id_and_ends(region: Region) -> None:
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    channel = Scripted(InDoubt("ReadTimeout"))
    states = []
    for _ in range(4):
        await set_due(region)
        states.append(await delivery(region, channel).deliver(message_id))
    assert states == [MessageState.IN_DOUBT] * 3 + [MessageState.UNREACHABLE]
    assert {message.id for message in channel.got} == {message_id}
    await set_due(region)
    assert await delivery(region, channel).deliver(message_id) is None


async def test_failure_is_tried_three_times_and_ends(region: Region) -> None:
    await endpoint(region)
    await region.page()
    channel = Scripted(Failed("http_503", again=True))
    for _ in range(5):
        await set_due(region)
        for message_id, *_ in await messages(region):
            await delivery(region, channel).deliver(message_id)
    assert [message[1:3] for message in await messages(region)] == [
        ("failed", 1),
        ("failed", 2),
        ("failed", 3),
    ]
    assert len(channel.got) == 3


async def test_a_provider_that_limits_a_number_is_asked_again_when_its_minute_is_over(
    region: Region,
) -> None:
    await endpoint(region)
    await region.page()
    ((first, *_),) = await messages(region)
    channel = Scripted(Failed("isv.BUSINESS_LIMIT_CONTROL", again=True, after_s=65))
    await delivery(region, channel).deliver(first)
    async with region.clone.system.session(SEEDER) as session:
        waits = await session.scalar(
            text("SELECT available_at - clock_timestamp() FROM page_message WHERE try = 2")
        )
    assert timedelta(seconds=5) < waits <= timedelta(seconds=65)


async def test_a_hopeless_failure_is_not_repeated(region: Region) -> None:
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    await delivery(region, Scripted(Failed("http_404", again=False))).deliver(message_id)
    assert [message[1] for message in await messages(region)] == ["failed"]


async def test_an_answered_page_is_not_sent_any_more(region: Region) -> None:
    await endpoint(region)
    page_id = await region.page()
    second = region.experts[DutyTier.SECOND]
    async with region.clone.app.session(second) as session:
        await service.acknowledge(session, region.clock, second, page_id)
    assert [message[1] for message in await messages(region)] == ["dropped"]
    assert sorted(message[1] for message in await messages(region, "in_app")) == [
        "delivered",
        "unreachable",
    ]


async def test_a_page_that_ends_between_claim_and_call_is_dropped(region: Region) -> None:
    await endpoint(region)
    case_id = await region.open_case()
    await region.page(case_id)
    ((message_id, *_),) = await messages(region)
    doomed = Scripted(InDoubt("ReadTimeout"))
    doomed.hold = asyncio.Event()
    sending = asyncio.create_task(delivery(region, doomed).deliver(message_id))
    await doomed.called.wait()
    async with region.clone.app.session(region.doctor) as session:
        await service.stop(session, region.clock, case_id, None, "withdrawn")
    doomed.hold.set()
    assert await sending == MessageState.IN_DOUBT
    await set_due(region)
    again = Scripted(Sent())
    assert await delivery(region, again).deliver(message_id) == MessageState.DROPPED
    assert again.got == []


async def test_a_disabled_endpoint_gets_nothing(region: Region) -> None:
    endpoint_id = await endpoint(region)
    await region.page()
    async with region.clone.system.session(SEEDER) as session:
        await endpoints.disable(session, region.clock, endpoint_id)
    ((message_id, *_),) = await messages(region)
    channel = Scripted(Sent())
    assert await delivery(region, channel).deliver(message_id) == MessageState.UNREACHABLE
    assert channel.got == []


async def test_two_senders_send_once(region: Region) -> None:
    await endpoint(region)
    await region.page()
    ((message_id, *_),) = await messages(region)
    channel = Scripted(Sent())
    results = await asyncio.gather(
        *(delivery(region, channel).deliver(message_id) for _ in range(5))
    )
    assert sorted(str(result) for result in results if result) == ["sent"]
    assert len(channel.got) == 1


async def test_addresses_and_secrets_are_sealed_and_hidden_from_the_web_role(
    region: Region,
) -> None:
    await endpoint(region)
    async with region.clone.system.session(SEEDER) as session:
        row = (await session.execute(text("SELECT * FROM contact_point"))).one()
        assert b"hook.example" not in bytes(row.address_sealed)
    with pytest.raises(Exception, match="permission denied"):
        async with region.clone.app.session(region.doctor) as session:
            await session.execute(text("SELECT address_sealed FROM contact_point"))
