"""How simulated providers misbehave, by rules that can be changed while they run."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Usual = Literal["ok", "refuse", "throttle", "error", "hang", "garbage", "swallow"]
Rude = Literal["busy", "redirect", "flood", "drip"]
Answer = Usual | Rude
"""What a request is answered with.

`swallow`: the message is taken and delivered, but the answer never comes (the sender is in doubt).
`hang`: nothing happens and no answer comes. `error` is a 500, `throttle` the provider's own code.
Over HTTP alone: `busy` is a 429 with `Retry-After`, `redirect` a 307, `flood` a body of megabytes
and `drip` one that comes byte by byte and does not end.
"""

Reports = Literal["normal", "none", "twice", "backwards", "failed"]
"""How the outcome is reported back: once; never; each one twice; in reverse order; as a failure."""


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """What happens to messages of a channel to numbers that match a pattern.

    `times` counts down; a rule that is used up is passed over. `key` is pressed by a called person,
    and `reply` sent by one who gets an SMS, without anybody at the page.
    """

    channel: str = "*"
    number: str = "*"
    answer: Answer = "ok"
    reports: Reports = "normal"
    delay_s: Annotated[float, Meta(ge=0, le=600)] = 0
    report_delay_s: Annotated[float, Meta(ge=0, le=600)] = 0.2
    key: Literal["", "1", "2", "3", "no_answer"] = ""
    reply: Annotated[str, Meta(max_length=200)] = ""
    times: Annotated[int, Meta(ge=1)] | None = None


NORMAL = Rule()


class Behaviour:
    """The rules in force, in order."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    @property
    def rules(self) -> list[Rule]:
        """What is in force, as it would be set."""
        return list(self._rules)

    def set(self, rules: list[Rule]) -> None:
        """Replace all rules."""
        self._rules = rules

    def of(self, channel: str, number: str) -> Rule:
        """The first rule that fits and is not used up; using it counts."""
        for rule in self._rules:
            if not fnmatchcase(channel, rule.channel) or not fnmatchcase(number, rule.number):
                continue
            if rule.times is not None:
                if rule.times == 0:
                    continue
                rule.times -= 1
            return rule
        return NORMAL
