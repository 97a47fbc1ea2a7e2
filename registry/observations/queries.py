"""Reads of observations: the newest of each kind, series, and facts for rules."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.confidence import unverified
from kernel.ids import FacilityId, NewbornId, PersonId, PregnancyId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.observations.catalogue import CATALOGUE, Subject
from registry.observations.derived import FORMULAS, Sample, derive, inputs_of, newest
from registry.observations.models import ObservationRow, VoidRow
from registry.observations.policies import may_void
from registry.observations.repository import ObservationRepository
from registry.observations.rules import fact_of, in_caution
from registry.observations.schemas import (
    CatalogueOut,
    ItemOut,
    Observation,
    UnitOut,
    Voided,
    WordOut,
)
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies.repository import PregnancyRepository

_LOOK_BACK = timedelta(days=1)
"""How far before the newest reading a partner is looked for that makes a derived value."""


async def latest(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    codes: Collection[str] | None = None,
    *,
    newborn_id: NewbornId | None = None,
    drill: bool = False,
) -> dict[str, Observation]:
    """The newest reading of each code that counts, computed ones included.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    repository = ObservationRepository(session, viewer)
    wanted = None if codes is None else inputs_of(codes)
    rows = await repository.latest(pregnancy_id, wanted, newborn_id=newborn_id, drill=drill)
    names = await _names(session, [(row, None) for row in rows])
    found = {row.code: _out(row, viewer, names) for row in rows}
    samples = await _partners(repository, pregnancy_id, rows, newborn_id, drill=drill)
    subject: Subject = "mother" if newborn_id is None else "newborn"
    for code, sample in newest(derive(samples)).items():
        found[code] = _computed(sample, subject)
    order = list(CATALOGUE.codes)
    return {
        code: found[code]
        for code in sorted(found, key=order.index)
        if codes is None or code in codes
    }


async def _partners(
    repository: ObservationRepository,
    pregnancy_id: PregnancyId,
    rows: Iterable[ObservationRow],
    newborn_id: NewbornId | None,
    *,
    drill: bool,
) -> list[Sample]:
    inputs = inputs_of(FORMULAS)
    newest_rows = [row for row in rows if row.code in inputs]
    samples = [_sample(row) for row in newest_rows]
    if newest_rows:
        since = min(row.taken_at for row in newest_rows) - _LOOK_BACK
        samples += await repository.samples(
            pregnancy_id, inputs, since, newborn_id=newborn_id, drill=drill
        )
    return samples


def _sample(row: ObservationRow) -> Sample:
    return Sample(row.code, fact_of(row.code, row.value_num, row.value_code), row.taken_at)


async def facts(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    *,
    at: datetime | None = None,
    newborn_id: NewbornId | None = None,
) -> dict[str, object]:
    """What is known of her for `kernel.predicates`: code → newest value.

    Args:
        at: leave out what no longer says how she is at this moment (default: any age counts).
    """
    known = await latest(session, viewer, pregnancy_id, newborn_id=newborn_id)
    return {
        code: one.number if one.number is not None else fact_of(code, None, one.word)
        for code, one in known.items()
        if at is None or one.fresh_until >= at
    }


async def series(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    codes: Collection[str] | None,
    begin: datetime,
    end: datetime,
    *,
    drill: bool = False,
) -> list[Observation]:
    """Readings of mother and newborns in a span, oldest first, void ones marked.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    registry = PregnancyRepository(session, viewer)
    await registry.pregnancy(pregnancy_id)
    wanted = None if codes is None else inputs_of(codes)
    rows = await ObservationRepository(session, viewer).series(
        pregnancy_id, wanted, begin, end, drill=drill
    )
    names = await _names(session, [(row, void) for row, void, _ in rows])
    children = (await registry.newborns([pregnancy_id])).get(pregnancy_id, [])
    born: dict[object, datetime] = {child.id: child.born_at for child in children}
    found = [
        _out(row, viewer, names, void=void, device=device, born=born)
        for row, void, device in rows
        if codes is None or row.code in codes
    ]
    mothers = [_sample(row) for row, void, _ in rows if row.subject == "mother" and void is None]
    found += [
        _computed(sample, "mother")
        for sample in derive(mothers)
        if codes is None or sample.code in codes
    ]
    return sorted(found, key=lambda one: one.taken_at)


class _Names:
    def __init__(
        self,
        people: Mapping[PersonId, PersonRef],
        places: Mapping[FacilityId, FacilityRef],
    ) -> None:
        self.people = people
        self.places = places


async def _names(
    session: AsyncSession, rows: Collection[tuple[ObservationRow, VoidRow | None]]
) -> _Names:
    persons = {row.person_id for row, _ in rows} | {void.person_id for _, void in rows if void}
    places = {row.facility_id for row, _ in rows}
    return _Names(
        await people.get_many(session, [PersonId(id_) for id_ in persons if id_]),
        await facilities.get_many(session, [FacilityId(id_) for id_ in places if id_]),
    )


def _out(
    row: ObservationRow,
    viewer: Viewer,
    names: _Names,
    *,
    void: VoidRow | None = None,
    device: str | None = None,
    born: Mapping[object, datetime] | None = None,
) -> Observation:
    item = CATALOGUE.codes[row.code]
    born_at = (born or {}).get(row.newborn_id)
    return Observation(
        id=row.id,
        code=row.code,
        number=row.value_num,
        word=row.value_code,
        unit=CATALOGUE.shown(item.unit),
        raw_value=row.raw_value,
        raw_unit=None if row.raw_unit is None else CATALOGUE.shown(row.raw_unit),
        taken_at=row.taken_at,
        entered_at=row.entered_at,
        fresh_until=row.taken_at + timedelta(minutes=item.fresh),
        source=row.source,  # type: ignore[arg-type]
        subject=row.subject,  # type: ignore[arg-type]
        newborn_id=row.newborn_id,
        case_id=row.case_id,
        caution=row.subject == "mother" and in_caution(row.code, row.value_num, row.value_code),
        age_hours=None if born_at is None else hours_of_age(born_at, row.taken_at),
        by=None if row.person_id is None else names.people.get(PersonId(row.person_id)),
        facility=None if row.facility_id is None else names.places.get(FacilityId(row.facility_id)),
        device=device,
        may_void=void is None and may_void(viewer, row),
        voided=None if void is None else _voided(void, names),
    )


def hours_of_age(born_at: datetime, at: datetime) -> float:
    """How old a newborn was, in hours, to one digit."""
    return round((at - born_at) / timedelta(hours=1), 1)


def _voided(void: VoidRow, names: _Names) -> Voided:
    return Voided(
        reason=void.reason,  # type: ignore[arg-type]
        note=void.note,
        at=void.voided_at,
        by=names.people.get(PersonId(void.person_id)),
    )


def _computed(sample: Sample, subject: Subject) -> Observation:
    item = CATALOGUE.codes[sample.code]
    number = round(float(sample.value), item.decimals + 2)
    return Observation(
        id=None,
        code=sample.code,
        number=number,
        word=None,
        unit=CATALOGUE.shown(item.unit),
        raw_value=None,
        raw_unit=None,
        taken_at=sample.taken_at,
        entered_at=sample.taken_at,
        fresh_until=sample.taken_at + timedelta(minutes=item.fresh),
        source="derived",
        subject=subject,
        caution=subject == "mother" and in_caution(sample.code, number, None),
    )


def catalogue() -> CatalogueOut:
    """The catalogue as pages and integrators need it."""
    return CatalogueOut(
        CATALOGUE.version,
        [
            ItemOut(
                code=code,
                zh=item.zh,
                en=item.en,
                group=item.group,
                kind=item.kind,
                units=[UnitOut(unit, CATALOGUE.shown(unit)) for unit in item.units],
                decimals=item.decimals,
                plausible=item.plausible,
                caution=item.caution,
                words=[WordOut(word, said.zh, said.en) for word, said in item.words.items()],
                of=list(item.of),
                fresh_minutes=item.fresh,
                loinc=item.loinc,
                source=item.source,
                confidence=item.confidence or CATALOGUE.confidence,
                verify=unverified(item.confidence),
            )
            for code, item in CATALOGUE.codes.items()
        ],
    )
