"""SMS over several providers in order: the second sends what the first certainly did not.

SMS providers collapse nothing: a repeat is a second message on the phone. So a message in doubt is
first asked for by our own id at the provider; it is sent at most twice. A provider that neither
sends nor answers is passed over on the second attempt: rather two messages than none.
"""

from collections.abc import Sequence
from typing import Protocol

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.channels.texts import words

VARIABLES = {
    Purpose.PAGE: ("level", "case", "callback"),
    Purpose.DRILL: ("level", "case", "callback"),
    Purpose.TEST: (),
    Purpose.VERIFY: ("code",),
}
"""What the template of each purpose has places for, in order."""

MAX_SENDS = 2


def values_of(message: Outgoing, *, with_link: bool) -> dict[str, str]:
    """What fills the template, in its order; `with_link` if the template ends in an answer link."""
    said = words(message).variables
    names = VARIABLES[message.purpose]
    if with_link and message.purpose != Purpose.VERIFY:
        names = (*names, "link")
    return {name: said[name] for name in names}


class SmsProvider(Protocol):
    """One company that sends SMS."""

    @property
    def name(self) -> str:
        """The company's name, as the providers file has it."""
        ...

    async def send(self, message: Outgoing) -> Outcome:
        """Send once."""
        ...

    async def fate(self, message: Outgoing) -> Outcome | None:
        """What became of the message, by our id; None if the provider does not know it."""
        ...

    async def close(self) -> None:
        """Give its connections back."""
        ...


class SmsChannel:
    """SMS: the first provider that takes it."""

    name = "sms"

    def __init__(self, providers: Sequence[SmsProvider]) -> None:
        self._providers = tuple(providers)

    async def close(self) -> None:
        """Close all providers' connections."""
        for provider in self._providers:
            await provider.close()

    async def send(self, message: Outgoing) -> Outcome:
        """Send, or, from the second attempt on, find out first."""
        if message.attempt == 1:
            return await self._first_that_takes(message, self._providers)
        silent: set[str] = set()
        for provider in self._providers:
            known = await provider.fate(message)
            if isinstance(known, Sent | Failed):
                return known
            if isinstance(known, InDoubt):
                silent.add(provider.name)
        if message.attempt > MAX_SENDS:
            return InDoubt("unanswered") if silent else Failed("unknown_to_provider", again=False)
        others = [provider for provider in self._providers if provider.name not in silent]
        return await self._first_that_takes(message, others or self._providers)

    async def _first_that_takes(
        self, message: Outgoing, providers: Sequence[SmsProvider]
    ) -> Outcome:
        outcome: Outcome = Failed("no_provider", again=False)
        for provider in providers:
            outcome = await provider.send(message)
            if not isinstance(outcome, Failed):
                return outcome
        return outcome
