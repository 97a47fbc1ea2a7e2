"""What the routes of bindings and wristbands take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from realtime.bindings.rules import Label, Means
from realtime.models import Binding

Reason = Annotated[str, msgspec.Meta(max_length=200)]
Code = Annotated[str, msgspec.Meta(min_length=4, max_length=120)]
Labels = Annotated[list[Label], msgspec.Meta(min_length=3, max_length=3)]


class BindIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tracing it is; `version` as last seen.

    `reason` is needed when another binding or another naming stands. `labels` names the fetuses
    behind fhr1, fhr2 and fhr3, each of A, B, C once; left out, the names stay.
    """

    pregnancy_id: UUID
    version: int
    case_id: UUID | None = None
    means: Means = "list"
    reason: Reason = ""
    labels: Labels | None = None


class UnbindIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody's any more; `version` as last seen."""

    version: int
    reason: Reason


class BindingOut(msgspec.Struct, frozen=True):
    """One word in a recording's history; without a pregnancy it took the binding back."""

    version: int
    pregnancy_id: UUID | None
    case_id: UUID | None
    means: str
    reason: str
    labels: list[str] | None
    bound_by: UUID
    bound_at: datetime


class WristbandIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scanner read from a wristband."""

    code: Code


class WristbandOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From now on this wristband of the house is hers."""

    code: Code
    pregnancy_id: UUID


class WristbandOut(msgspec.Struct, frozen=True):
    """Whose wristband it is."""

    pregnancy_id: UUID


def binding_out(binding: Binding) -> BindingOut:
    """A binding as the API shows it."""
    return BindingOut(
        binding.version,
        binding.pregnancy_id,
        binding.case_id,
        binding.means,
        binding.reason,
        binding.labels,
        binding.bound_by,
        binding.bound_at,
    )
