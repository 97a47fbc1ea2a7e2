"""Dates of a pregnancy, ages, and the form of an identity number. Pure."""

import re
from datetime import date, timedelta

TERM_DAYS = 280
"""Expected date of delivery is 280 days after the last period's first day (Naegele)."""

_ID_CARD = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def edd_from_lmp(lmp: date) -> date:
    """Expected date of delivery from the first day of the last period."""
    return lmp + timedelta(days=TERM_DAYS)


def edd_from_gestation(days: int, on: date) -> date:
    """Expected date of delivery when the gestation was `days` on the day `on`."""
    return on + timedelta(days=TERM_DAYS - days)


def gestation_days(edd: date | None, on: date) -> int | None:
    """Days of gestation on the day `on`; None when undated."""
    return None if edd is None else TERM_DAYS - (edd - on).days


def age_years(birth_date: date | None, on: date) -> int | None:
    """Completed years (周岁) on the day `on`."""
    if birth_date is None:
        return None
    had_birthday = (on.month, on.day) >= (birth_date.month, birth_date.day)
    return on.year - birth_date.year - (0 if had_birthday else 1)


def birth_date_for_age(age: int, on: date) -> date:
    """A birth date that makes somebody `age` on the day `on`; marked as estimated where stored."""
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return date(on.year - age, on.month, day)


def normal_identifier(number: str) -> str:
    """Without blanks and hyphens, in upper case."""
    return re.sub(r"[\s-]", "", number).upper()


def identifier_kind(number: str) -> str:
    """`id_card` for the 18-character citizen number, `other` for passports and the like."""
    return "id_card" if _ID_CARD.fullmatch(number) else "other"


def check_digit(first17: str) -> str:
    """The last character of a citizen number (GB 11643-1999 §4.4, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


def birth_date_of_id_card(number: str) -> date | None:
    """The birth date inside a citizen number; None if the number cannot be real."""
    if check_digit(number[:17]) != number[17]:
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def short_name(name: str) -> str:
    """A name for boards that strangers may see: `王小明` as `王*明`, `王五` as `王*`."""
    if len(name) <= 1:
        return name
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


NAME_FIELD = "patient.name"
PHONE_FIELD = "patient.phone"
NUMBER_FIELD = "patient.number"
"""Under these names a patient's values are sealed and indexed."""
