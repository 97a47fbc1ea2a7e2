"""Refusals about observations. A value that cannot be is never stored as if it could."""

from kernel.errors import Refusal


class CodeUnknown(Refusal):
    """The catalogue has no such observation, or it is computed. Fields: observation."""

    code = "observations.code_unknown"
    status = 422


class UnitRefused(Refusal):
    """Not a unit that this observation may arrive in. Fields: observation, unit, accepted."""

    code = "observations.unit_refused"
    status = 422


class UnitMissing(Refusal):
    """A number without its unit. Fields: observation, accepted."""

    code = "observations.unit_missing"
    status = 422


class Implausible(Refusal):
    """A number that cannot be. Fields: observation, value, low, high, unit."""

    code = "observations.implausible"
    status = 422


class WordRefused(Refusal):
    """Not one of the words (or not a number). Fields: observation, value, accepted."""

    code = "observations.word_refused"
    status = 422


class PressuresSwapped(Refusal):
    """The systolic pressure is below the diastolic. Fields: sbp, dbp."""

    code = "observations.pressures_swapped"
    status = 422


class TakenInFuture(Refusal):
    """The moment of the reading lies ahead. Fields: taken_at."""

    code = "observations.taken_in_future"
    status = 422


class TakenTooOld(Refusal):
    """The moment lies so far back that the date must be a slip. Fields: taken_at, days."""

    code = "observations.taken_too_old"
    status = 422


class WrongSubject(Refusal):
    """This is not observed on a newborn (or a mother). Fields: observation, subject."""

    code = "observations.wrong_subject"
    status = 422


class AlreadyVoid(Refusal):
    """It was marked as an error before."""

    code = "observations.already_void"


class NotYours(Refusal):
    """Only who recorded it, or that unit, may mark it as an error."""

    code = "observations.not_yours"
    status = 403


class DeviceUnknown(Refusal):
    """No device token, or one that opens nothing (any more)."""

    code = "observations.device_unknown"
    status = 401


class DeviceRevoked(Refusal):
    """A revoked device is not paired again."""

    code = "observations.device_revoked"


class Unpaired(Refusal):
    """At that moment the device measured nobody."""

    code = "observations.device_unpaired"


class NotForDevice(Refusal):
    """A device of this kind does not measure that. Fields: observation, kind."""

    code = "observations.not_for_device"
    status = 422
