"""What is known of a woman, wherever it stands: her record, measurements, answers."""

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, PregnancyId
from kernel.viewer import Viewer
from registry.facilities.rules import local_date
from registry.observations import queries as observations
from registry.observations.schemas import Observation
from registry.pregnancies.repository import PregnancyRepository, Record
from registry.pregnancies.rules import TERM_DAYS, age_years, gestation_days
from registry.risk.models import AnswerRow
from registry.risk.repository import RiskRepository
from registry.risk.rules import NOT_DONE, Evaluation, evaluate
from registry.risk.rulesets import Kind, Ruleset, rulebook

Source = Literal["answer", "observation", "pregnancy"]

MEASURED = frozenset(
    name for name, fact in rulebook().facts.items() if fact.source == "observation"
)
"""Facts that are observations: read from there, and recorded there when a form asks for them."""

BOOKING = timedelta(days=98)
"""A weight taken before 14 weeks passes for the one before pregnancy (docs/risk.md)."""


class Known(msgspec.Struct, frozen=True):
    """One fact and where it comes from; `method` only for answers."""

    value: object
    source: Source
    at: datetime | None = None
    person_id: UUID | None = None
    method: str | None = None


class Woman(msgspec.Struct, frozen=True):
    """All that the tables may ask of one pregnancy at one moment."""

    pregnancy_id: PregnancyId
    facility_id: FacilityId
    variant: str
    at: datetime
    known: dict[str, Known]

    @property
    def facts(self) -> dict[str, object]:
        """What is known, by name."""
        return {name: held.value for name, held in self.known.items() if held.value != NOT_DONE}

    @property
    def not_done(self) -> frozenset[str]:
        """What somebody declared not done."""
        return frozenset(name for name, held in self.known.items() if held.value == NOT_DONE)

    def ruleset(self, kind: Kind) -> Ruleset:
        """The table in force for her."""
        return rulebook().on(self.variant, kind, local_date(self.at))

    def evaluate(self, kind: Kind) -> Evaluation:
        """What that table says of her."""
        return evaluate(self.ruleset(kind), self.facts, rulebook().facts, self.not_done)


async def gather(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, at: datetime
) -> Woman:
    """Read it all.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    record = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    repository = RiskRepository(session, viewer)
    facility_id = FacilityId(record[0].facility_id)
    answers = {row.fact: _answered(row) for row in await repository.answers(pregnancy_id)}
    known = {name: held for name, held in answers.items() if held.value is not None}
    if "weight_early_kg" not in known:
        known |= await _weight_at_booking(session, viewer, record)
    known |= await _measured(session, viewer, pregnancy_id)
    return Woman(
        pregnancy_id=pregnancy_id,
        facility_id=facility_id,
        variant=await repository.variant(facility_id, at),
        at=at,
        known=known | recorded(record, at),
    )


async def _measured(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
) -> dict[str, Known]:
    """The newest reading of each; a measured value outweighs "not done"."""
    latest = await observations.latest(session, viewer, pregnancy_id, MEASURED)
    return {code: _read(one) for code, one in latest.items() if one.number is not None}


async def _weight_at_booking(
    session: AsyncSession, viewer: Viewer, record: Record
) -> dict[str, Known]:
    """The first weight of this pregnancy, if it was taken early enough."""
    pregnancy = record[0]
    if pregnancy.edd is None:
        return {}
    begin = datetime.combine(pregnancy.edd - timedelta(days=TERM_DAYS), time.min, UTC)
    found = await observations.series(
        session, viewer, PregnancyId(pregnancy.id), ["weight_kg"], begin, begin + BOOKING
    )
    counted = [one for one in found if one.voided is None and one.newborn_id is None]
    return {"weight_early_kg": _read(counted[0])} if counted else {}


def _read(one: Observation) -> Known:
    return Known(one.number, "observation", one.taken_at, None if one.by is None else one.by.id)


def _answered(row: AnswerRow) -> Known:
    return Known(row.value, "answer", row.at, row.person_id, row.method)


def recorded(record: Record, at: datetime) -> dict[str, Known]:
    """What the record of the pregnancy itself says; it outweighs an answer to the same question.

    A single fetus is not read from it: one is what nobody has yet counted. An estimated birth date
    says how old she is, not how old she will be on the expected date.
    """
    pregnancy, patient = record
    on = local_date(pregnancy.ended_at or at)
    at_edd = None
    if pregnancy.edd is not None and patient.birth_date_exact:
        at_edd = age_years(patient.birth_date, pregnancy.edd)
    said: dict[str, object] = {
        "age_years": age_years(patient.birth_date, on),
        "age_at_edd_years": at_edd,
        "gestation_days": gestation_days(pregnancy.edd, on),
        "plurality": pregnancy.plurality if pregnancy.plurality > 1 else None,
        "previous_birth": None if pregnancy.para is None else pregnancy.para > 0,
    }
    return {name: Known(value, "pregnancy") for name, value in said.items() if value is not None}
