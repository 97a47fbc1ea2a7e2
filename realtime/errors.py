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


class ReasonNeeded(Refusal):
    """Somebody had said otherwise; whoever corrects it says why."""

    code: ClassVar[str] = "ctg.reason_needed"
    status: ClassVar[int] = 422


class LabelsInvalid(Refusal):
    """Three channels need three different names of A, B, C."""

    code: ClassVar[str] = "ctg.labels_invalid"
    status: ClassVar[int] = 422


class WristbandUnknown(Refusal):
    """The wristband is nobody's yet."""

    code: ClassVar[str] = "ctg.wristband_unknown"
    status: ClassVar[int] = 404


class DeviceRevoked(Refusal):
    """The device is out of service; a new one must be registered."""

    code: ClassVar[str] = "ctg.device_revoked"
    status: ClassVar[int] = 409
