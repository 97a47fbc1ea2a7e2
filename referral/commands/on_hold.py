"""Commands to a hold."""

from referral.commands.fields import Act, ShortText, When


class Grant(Act, kw_only=True):
    """We keep it until then."""

    until: When
    label: ShortText | None = None


class Extend(Act, kw_only=True):
    """We keep it longer."""

    until: When


class Use(Act, kw_only=True):
    """She has it."""


class Release(Act, kw_only=True):
    """Free again."""

    reason: ShortText | None = None
