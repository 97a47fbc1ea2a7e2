"""A definition as the API says it: it travels with every number."""

from quality.handbook.versions import Version
from quality.schemas import DefinitionOut
from referral.clocks.queries import target_out


def definition_out(version: Version) -> DefinitionOut:
    """The definition of a version, with the version that it is."""
    entry = version.definition
    measured = entry.interval
    return DefinitionOut(
        id=version.id,
        code=entry.code,
        version=entry.version,
        origin=version.origin,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        standing=entry.standing,
        aspect=entry.aspect,
        levels=entry.levels,
        measure=entry.measure,
        unit=entry.unit,
        direction=entry.direction,
        name=entry.name,
        definition=entry.definition,
        population=entry.population,
        numerator=entry.numerator,
        denominator=entry.denominator,
        exclusions=entry.exclusions,
        national_no=entry.national_no,
        source=entry.source,
        data_source=entry.data_source,
        confidence=entry.confidence,
        to_be_verified=version.to_be_verified,
        from_milestone=None if measured is None else measured.start,
        to_milestone=None if measured is None else measured.end,
        target=target_out(entry.target),
        baseline=entry.baseline,
        weight=entry.weight,
    )
