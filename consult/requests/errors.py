"""Refusals about consultations; texts in consult/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class ConsultMoved(Refusal):
    """The consultation is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "consult.moved"


class AskingHouseOnly(Refusal):
    """Those at the house that asked."""

    code: ClassVar[str] = "consult.asking_house_only"
    status: ClassVar[int] = 403


class InvitedOnly(Refusal):
    """An expert of a house that was invited."""

    code: ClassVar[str] = "consult.invited_only"
    status: ClassVar[int] = 403


class InviteeUnknown(Refusal):
    """No such house, group or expert in the network. Fields: n, the invitation's place from 1."""

    code: ClassVar[str] = "consult.invitee_unknown"
    status: ClassVar[int] = 422


class InvitedTwice(Refusal):
    """The same house, group or expert is invited already."""

    code: ClassVar[str] = "consult.invited_twice"
    status: ClassVar[int] = 422


class OwnProposal(Refusal):
    """A time is agreed to by the other side."""

    code: ClassVar[str] = "consult.own_proposal"


class NoAdviceYet(Refusal):
    """Nothing signed that the outcome could rest on."""

    code: ClassVar[str] = "consult.no_advice_yet"


class NobodysWoman(Refusal):
    """The case says nothing of whose it is."""

    code: ClassVar[str] = "consult.nobodys_woman"
    status: ClassVar[int] = 422


class TimePassed(Refusal):
    """A consultation is planned for a moment to come."""

    code: ClassVar[str] = "consult.time_passed"
    status: ClassVar[int] = 422


class NotConcluded(Refusal):
    """Only what is over can be rated."""

    code = "consult.not_concluded"
