"""What a provider can say, whoever it is."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

ReportKind = Literal["delivered", "undelivered", "key"]
KEYS = ("1", "2", "3")
"""接听, 拒绝, 转下一位."""


@dataclass(frozen=True, slots=True)
class Report:
    """One message arrived, did not, or was answered by a key.

    Attributes:
        ref: the provider's own name for the message, or empty.
        message_id: our id as the provider gave it back; None if it did not, or it is no id.
        phone: the number that the provider says it reached, or empty.
    """

    kind: ReportKind
    ref: str = ""
    message_id: UUID | None = None
    code: str = ""
    key: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Somebody wrote back. `mark` tells two equal replies apart."""

    phone: str
    text: str
    mark: str = ""


Word = Report | Reply


class Unreadable(ValueError):
    """The body is nothing that this provider sends."""


def listed(body: object) -> list[dict[str, Any]]:
    """The objects of a JSON array; a single object counts as an array of one.

    Raises:
        Unreadable: it is neither, or holds something else.
    """
    items = body if isinstance(body, list) else [body]
    found = [item for item in items if isinstance(item, dict)]
    if len(found) != len(items):
        raise Unreadable("not a list of objects")
    return found


def id_in(value: object) -> UUID | None:
    """Our id, if this is one."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def bare(number: object) -> str:
    """A number without spaces and without the mainland's country code."""
    digits = "".join(c for c in str(number or "") if c.isdigit() or c == "+")
    for prefix in ("+86", "0086", "86"):
        if digits.startswith(prefix) and len(digits) == len(prefix) + 11:
            return digits[len(prefix) :]
    return digits[:20]
