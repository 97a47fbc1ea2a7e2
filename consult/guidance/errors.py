"""Refusals about guidance sessions; texts in consult/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class GuidanceMoved(Refusal):
    """The session is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "guidance.moved"


class EndsOnly(Refusal):
    """Experts of the centre, clinicians of the house that is guided."""

    code: ClassVar[str] = "guidance.ends_only"
    status: ClassVar[int] = 403


class OtherEnd(Refusal):
    """This step is the other end's. Fields: action."""

    code: ClassVar[str] = "guidance.other_end"
    status: ClassVar[int] = 403


class SameHouse(Refusal):
    """A house does not guide itself."""

    code: ClassVar[str] = "guidance.same_house"
    status: ClassVar[int] = 422


class HouseUnknown(Refusal):
    """No such house in the network."""

    code: ClassVar[str] = "guidance.house_unknown"
    status: ClassVar[int] = 422


class KindUnknown(Refusal):
    """No such kind of guidance."""

    code: ClassVar[str] = "guidance.kind_unknown"
    status: ClassVar[int] = 422


class CaseNotShared(Refusal):
    """The other end is no party to the case that the session is to be about."""

    code: ClassVar[str] = "guidance.case_not_shared"
    status: ClassVar[int] = 422


class GuidancePassed(Refusal):
    """A session is arranged for a moment to come."""

    code: ClassVar[str] = "guidance.time_passed"
    status: ClassVar[int] = 422
