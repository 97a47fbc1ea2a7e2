"""Pure: which rules a region may have of its own, how each is read, and what is wrong with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from quality.obligations import calendar
from quality.obligations.calendar import CALENDAR, Calendar
from quality.returns import forms
from quality.returns.forms import FORMS, Form
from quality.rounds import rules
from quality.rounds.rules import Rules
from referral.aftermath import deadlines
from referral.aftermath.deadlines import DEADLINES, Ruleset
from referral.aftermath.ruled import KIND as AFTER_DEATH

Content: TypeAlias = Rules | Calendar | Form | Ruleset

ROUND: Final = "round"
CALENDAR_KIND: Final = "calendar"
FORM: Final = "form:"
"""A form is a kind for itself: `form:county_quarterly`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rules.

    Attributes:
        shipped: the release's version; it counts where a region has none of its own.
        check: what is wrong with a content, in words of both languages; None if nothing is.
    """

    code: str
    zh: str
    en: str
    type: type[Any]
    shipped: Content
    check: Callable[[Any], str | None]

    def read(self, content: Mapping[str, Any]) -> Any:
        """What somebody entered.

        Raises:
            ValueError: it does not fit the kind, or makes no sense.
        """
        try:
            found = msgspec.convert(content, self.type)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        wrong = self.check(found)
        if wrong is not None:
            raise ValueError(wrong)
        return found


def form_kind(code: str) -> str:
    """The kind of a form's versions."""
    return FORM + code


KINDS: Final[Mapping[str, Kind]] = {
    one.code: one
    for one in (
        Kind(ROUND, "年度评估规则", "Rules of the annual round", Rules, rules.rules(), rules.wrong),
        Kind(
            CALENDAR_KIND, "应办日历", "Calendar of obligations", Calendar, CALENDAR,
            lambda found: calendar.wrong(found, {one.code: one.cadence for one in FORMS.values()}),
        ),
        Kind(
            AFTER_DEATH, "死亡报告与评审时限", "Deadlines after a death", Ruleset, DEADLINES,
            deadlines.wrong,
        ),
        *(
            Kind(form_kind(form.code), form.zh, form.en, Form, form, forms.wrong)
            for form in FORMS.values()
        ),
    )
}  # fmt: skip
"""In the order in which the page shows them."""
