"""Commands to a hold."""

from datetime import datetime

from referral.commands.fields import Act, ShortText


class Grant(Act, kw_only=True):
    """We keep it until then."""

    until: datetime
    label: ShortText | None = None


class Extend(Act, kw_only=True):
    """We keep it longer."""

    until: datetime


class Use(Act, kw_only=True):
    """She has it."""


class Release(Act, kw_only=True):
    """Free again."""

    reason: ShortText | None = None
