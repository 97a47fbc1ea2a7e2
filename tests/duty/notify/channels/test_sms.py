"""Two SMS companies: who is asked, who sends, and that nobody sends a third time."""

import pytest

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.sms import SmsChannel
from tests.duty.notify.channels.messages import outgoing

REFUSED = Failed("isv.OUT_OF_SERVICE", again=False)
LOST = InDoubt("ReadTimeout")


class Company:
    """Answers as told and remembers what it was asked."""

    def __init__(self, name: str, sends: Outcome, fate: Outcome | None = None) -> None:
        self.name = name
        self.sends = sends
        self.known = fate
        self.asked: list[str] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.asked.append("send")
        return self.sends

    async def fate(self, message: Outgoing) -> Outcome | None:
        self.asked.append("fate")
        return self.known

    async def close(self) -> None:
        self.asked.append("close")


async def test_the_second_company_sends_what_the_first_certainly_did_not() -> None:
    first, second = Company("a", REFUSED), Company("b", Sent("b:1"))
    assert await SmsChannel([first, second]).send(outgoing()) == Sent("b:1")
    assert (first.asked, second.asked) == (["send"], ["send"])


async def test_doubt_is_not_doubled_by_the_second_company() -> None:
    first, second = Company("a", LOST), Company("b", Sent("b:1"))
    assert await SmsChannel([first, second]).send(outgoing()) == LOST
    assert second.asked == []


@pytest.mark.parametrize("known", [Sent(), Failed("UNDELIV", again=True)])
async def test_a_message_in_doubt_is_asked_for_before_it_is_sent_again(known: Outcome) -> None:
    first = Company("a", Sent("a:2"), known)
    assert await SmsChannel([first]).send(outgoing(attempt=2)) == known
    assert first.asked == ["fate"]


async def test_what_the_company_does_not_know_is_sent_once_more_and_never_a_third_time() -> None:
    first = Company("a", Sent("a:2"), None)
    channel = SmsChannel([first])
    assert await channel.send(outgoing(attempt=2)) == Sent("a:2")
    assert await channel.send(outgoing(attempt=3)) == Failed("unknown_to_provider", again=False)
    assert first.asked == ["fate", "send", "fate"]


async def test_a_company_that_neither_sends_nor_answers_is_passed_over() -> None:
    first, second = Company("a", LOST, LOST), Company("b", Sent("b:1"), None)
    channel = SmsChannel([first, second])
    assert await channel.send(outgoing(attempt=2)) == Sent("b:1")
    assert first.asked == ["fate"]
    assert await channel.send(outgoing(attempt=3)) == InDoubt("unanswered")


async def test_alone_it_is_tried_again_all_the_same() -> None:
    only = Company("a", LOST, LOST)
    assert await SmsChannel([only]).send(outgoing(attempt=2)) == LOST
    assert only.asked == ["fate", "send"]
    await SmsChannel([only]).close()
    assert only.asked[-1] == "close"
