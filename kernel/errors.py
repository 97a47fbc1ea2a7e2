"""Refusals: every "no" has a code, a status and, in `messages.toml`, a text in two languages.

Raise to refuse. A returned 4xx would commit the transaction around it.
"""

from typing import Any, ClassVar


class Refusal(Exception):
    """A coded "no". `fields` fill the placeholders of its text and travel with the problem."""

    code: ClassVar[str]
    status: ClassVar[int] = 409
    registry: ClassVar[dict[str, type["Refusal"]]] = {}

    def __init__(self, **fields: Any) -> None:
        super().__init__(self.code, fields)
        self.fields = fields

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        code = cls.__dict__.get("code")
        if code is None:
            return
        known = Refusal.registry.get(code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"two refusals share the code {code}")
        Refusal.registry[code] = cls


class NotFound(Refusal):
    """Unknown, or not for this viewer: the two must look the same."""

    code = "kernel.not_found"
    status = 404


class VersionStale(Refusal):
    """Somebody changed the resource since the caller read it. Fields: current, given."""

    code = "kernel.version_stale"


class IllegalTransition(Refusal):
    """The state table has no such edge. Fields: machine, state, action."""

    code = "kernel.illegal_transition"


class NotAllowed(Refusal):
    """The viewer may see it but not do this. Fields: reason (a code of the policy)."""

    code = "kernel.not_allowed"
    status = 403


class KeyReused(Refusal):
    """An idempotency key came back with another request."""

    code = "kernel.idempotency_key_reused"
    status = 422


class KeyMissing(Refusal):
    """A clinical write came without an Idempotency-Key."""

    code = "kernel.idempotency_key_missing"
    status = 400


class BadInput(Refusal):
    """The payload parses but makes no sense. Fields: field, reason."""

    code = "kernel.bad_input"
    status = 422


class Unstorable(Refusal):
    """A value that no column can hold: a NUL, a number or a date beyond all ranges."""

    code = "kernel.unstorable"
    status = 422


class Conflict(Refusal):
    """The database's constraints refused the commit."""

    code = "kernel.conflict"


class Unavailable(Refusal):
    """The truth cannot be reached; nothing was recorded."""

    code = "kernel.unavailable"
    status = 503
