"""Refusals about patients, pregnancies and newborns."""

from kernel.errors import Refusal


class IdNumberInvalid(Refusal):
    """18 characters, but the check digit or the date inside cannot be."""

    code = "registry.id_number_invalid"
    status = 422


class NewbornExists(Refusal):
    """A newborn with this birth order is recorded. Fields: birth_order."""

    code = "registry.newborn_exists"


class NoFacility(Refusal):
    """The viewer has no clinical role at a facility, so cannot register anybody."""

    code = "registry.no_facility"
    status = 403


class IdNumberTaken(Refusal):
    """Another patient of this facility has the number."""

    code = "registry.id_number_taken"
