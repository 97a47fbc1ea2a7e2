"""What can be asked of scans."""

from typing import Annotated

import msgspec

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ConfirmScan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The names were compared by a person: the study is hers."""


class WithdrawScan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The study does not belong here; it stays on record and is no longer shown."""

    reason: Reason
