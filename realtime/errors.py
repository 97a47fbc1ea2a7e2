"""Refusals of the CTG routes; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class CaseOfAnother(Refusal):
    """The case belongs to another pregnancy than the one to bind."""

    code: ClassVar[str] = "ctg.case_of_another"
    status: ClassVar[int] = 422


class RangeInvalid(Refusal):
    """The range of seconds makes no sense. Fields: from_seq, to_seq."""

    code: ClassVar[str] = "ctg.range_invalid"
    status: ClassVar[int] = 422
