"""A plan as it is kept: the items with weights and methods, as they were decided."""

from hashlib import sha256
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from kernel.chain.canonical import encode
from quality.rounds.scoring import Band, Proportion, Slope

ItemKind: TypeAlias = Literal["indicator", "on_site"]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1000)]


class PlannedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item of a round.

    Attributes:
        version_id: of an indicator's definition, as the frozen period keeps it.
        weight: None: looked at and not scored.
        scoring: None for what is judged on the spot, and for what no data is held of.
        basis: the document that decided weight and method; without it they show as 待核实.
    """

    code: str
    kind: ItemKind
    version_id: UUID | None
    weight: Weight | None
    scoring: Band | Slope | Proportion | None
    basis: str

    @property
    def to_be_verified(self) -> bool:
        """A weight that nobody says where it is from."""
        return self.weight is not None and not self.basis


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a round assesses, by the rules of which version."""

    rules: str
    items: list[PlannedItem]

    def item(self, code: str) -> PlannedItem | None:
        """The item of this code."""
        return next((one for one in self.items if one.code == code), None)


def canonical(content: object) -> bytes:
    """RFC 8785 of structs and what they hold."""
    return encode(msgspec.to_builtins(content, str_keys=True))


def digest_of(content: object) -> bytes:
    """32 bytes that say which content this is: SHA-256 of its RFC 8785 form."""
    return sha256(canonical(content)).digest()
