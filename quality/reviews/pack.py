"""The pack that a panel reads: written from the woman's timeline, without anybody's identity.

SBAR as it was sent, what became known, milestones and clocks, treatments, CTG readings, opinions.
Times are minutes from the request; houses are letters; people are nobody.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.queries import advice_of_case
from consult.readmodel import Advice
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.reviews import store
from quality.reviews.deidentify import Mask, age_band, letters
from realtime.readings import queries as readings
from referral.clocks.queries import case_clock
from referral.clocks.schemas import CaseClock
from referral.queries.case import referral
from referral.queries.dossier import dossier
from referral.readmodel.dossier import Dossier
from referral.readmodel.whole import Referral
from referral.rules.conditions import CATALOGUE as CONDITIONS
from referral.rules.treatments import TREATMENTS
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people

FORMAT: Final = "1"
TOLD: Final = (
    "chief_complaint", "diagnosis", "background", "treatment", "drugs", "allergies", "blood_given",
    "lines", "contractions", "amniotic_fluid", "fetus",
)  # fmt: skip
"""Fields of the record that are words; identity, infection and requests stay out."""
MEASURED: Final = (
    "hb_g_per_l", "plt_10e9_per_l", "fibrinogen_g_per_l", "wbc_10e9_per_l", "pt_s", "aptt_s",
    "d_dimer_mg_per_l", "creatinine_umol_per_l", "alt_u_per_l", "glucose_mmol_per_l",
    "lactate_mmol_per_l", "urine_ml_per_h", "cervix_cm", "labour_hours",
)  # fmt: skip

_READINGS = text(
    "SELECT id FROM ctg_reading WHERE of_case_id = :id AND signed_at IS NOT NULL"
    " ORDER BY signed_at, id"
)


class Words(msgspec.Struct, frozen=True):
    """Words in two languages."""

    zh: str
    en: str


class PackHouse(msgspec.Struct, frozen=True):
    """A house by its letter; its tier, not its name."""

    letter: str
    tier: str


class PackWoman(msgspec.Struct, frozen=True):
    """What may be said of her; `age` is a band of five years."""

    age: str | None
    gestation_days: int | None
    gravida: int | None
    para: int | None
    plurality: int | None
    risk_colour: str | None
    condition: Words
    acuity: str
    outcome: str | None


class PackValue(msgspec.Struct, frozen=True):
    """A measured value by the name of its field, which names its unit."""

    name: str
    value: float | str


class PackText(msgspec.Struct, frozen=True):
    """A field of the record in words."""

    name: str
    text: str


class PackMoment(msgspec.Struct, frozen=True):
    """A milestone or a treatment, in minutes from the request."""

    minute: float
    what: Words
    house: str | None
    late: bool
    detail: str | None = None


class PackClock(msgspec.Struct, frozen=True):
    """A clock: how long it took, in seconds, and what the target is."""

    name: Words
    start_minute: float
    elapsed_s: float | None
    target_s: float | None
    overdue: bool | None
    to_be_verified: bool
    state: str


class PackReading(msgspec.Struct, frozen=True):
    """A signed reading of a tracing."""

    minute: float
    house: str | None
    conclusion: str
    recommendation: str


class PackAdvice(msgspec.Struct, frozen=True):
    """A signed opinion."""

    minute: float
    house: str | None
    text: str
    findings: str


class Pack(msgspec.Struct, frozen=True):
    """Everything that the panel reads."""

    format: str
    woman: PackWoman
    houses: list[PackHouse]
    reason: str
    vitals: list[PackValue]
    record: list[PackText]
    values: list[PackValue]
    timeline: list[PackMoment]
    treatments: list[PackMoment]
    clocks: list[PackClock]
    readings: list[PackReading]
    advice: list[PackAdvice]


class _Course:
    """One case as the pack tells it: a zero of time, letters, and a mask."""

    def __init__(self, zero: datetime, houses: dict[UUID, FacilityRef], mask: Mask) -> None:
        self.zero = zero
        self.houses = houses
        self.letters = letters(str(one) for one in houses)
        self.mask = mask

    def minute(self, at: datetime) -> float:
        """Minutes from the request, to one decimal; before it, negative."""
        return round((at - self.zero).total_seconds() / 60, 1)

    def letter(self, house: UUID | None) -> str | None:
        """The letter of a house that has one."""
        return None if house is None else self.letters.get(str(house))


async def compiled(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, row: Row[Any]
) -> Pack:
    """The pack of a review, from the case as its viewer sees it; logged with the patient.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    case_id = CaseId(row.of_case_id)
    case = await referral(session, clock, viewer, sealer, case_id)
    papers = await dossier(session, clock, viewer, sealer, case_id)
    told = await case_clock(session, clock, viewer, case_id)
    course = await _course(session, case, papers, row)
    advice = [
        one for one in await advice_of_case(session, viewer, case_id) if one.signed_at is not None
    ]
    snapshot = case.snapshot
    return Pack(
        format=FORMAT,
        woman=_woman(case),
        houses=[
            PackHouse(course.letters[str(id_)], one.tier) for id_, one in course.houses.items()
        ],
        reason=course.mask(snapshot.reason if snapshot else case.record.reason or ""),
        vitals=_values(snapshot.vitals if snapshot else case.record.vitals),
        record=[
            PackText(name, course.mask(str(value)))
            for name in TOLD
            if (value := getattr(case.record, name))
        ],
        values=_values(case.record, MEASURED),
        timeline=_timeline(course, told),
        treatments=[*_treatments(course, papers)],
        clocks=_clocks(course, told),
        readings=await _readings(session, clock, viewer, sealer, course, case_id),
        advice=[_opinion(course, one) for one in advice],
    )


async def _course(session: AsyncSession, case: Referral, papers: Dossier, row: Row[Any]) -> _Course:
    named = [
        case.origin.id,
        *(one.facility.id for one in case.offers),
        *(one.destination.id for one in case.legs),
    ]
    more = await store.houses_of(session, row.of_case_id) - set(named)
    ids = list(dict.fromkeys([*named, *sorted(more)]))
    known = await facilities.get_many(session, {FacilityId(one) for one in ids})
    houses = {one: known[FacilityId(one)] for one in ids if FacilityId(one) in known}
    staff = await people.get_many(
        session, {PersonId(one) for one in await store.acted_in(session, row.of_case_id)}
    )
    marks = letters(str(one) for one in houses)
    hidden: dict[str, str] = {}
    for id_, house in houses.items():
        word = f"{marks[str(id_)]} 机构"
        hidden |= {house.name: word, house.short_name: word}
    hidden |= {one.name: "［医务人员］" for one in staff.values()}
    hidden |= dict(_hers(case, papers))
    return _Course(papers.sent_at or row.happened_at, houses, Mask(hidden))


def _hers(case: Referral, papers: Dossier) -> Iterator[tuple[str, str]]:
    """Her names and numbers, and those of her family."""
    woman, known = case.pregnancy, papers.identity
    if woman is not None:
        yield woman.name, "［患者］"
        if woman.phone:
            yield woman.phone, "［电话］"
    for value, word in (
        (known.phone, "［电话］"),
        (known.relative_phone, "［电话］"),
        (known.relative_name, "［家属］"),
        (known.handbook_no, "［编号］"),
        (known.registered_residence, "［住址］"),
        (known.actual_residence, "［住址］"),
        (case.record.admission_no, "［编号］"),
        (case.number, "［编号］"),
    ):
        if value:
            yield value, word
    for consent in papers.consents:
        for name in (consent.giver_name, consent.authoriser_name, consent.explained_by):
            if name:
                yield name, "［人名］"


def _timeline(course: _Course, told: CaseClock) -> list[PackMoment]:
    return [
        PackMoment(
            course.minute(one.at),
            Words(one.words.zh, one.words.en),
            course.letter(one.facility.id if one.facility else None),
            one.late,
        )
        for one in told.milestones
    ]


def _clocks(course: _Course, told: CaseClock) -> list[PackClock]:
    return [
        PackClock(
            Words(one.name.zh, one.name.en),
            course.minute(one.started_at),
            one.elapsed_s,
            one.target.seconds if one.target else None,
            one.overdue,
            one.target.to_be_verified if one.target else False,
            str(one.state),
        )
        for one in told.clocks
    ]


def _opinion(course: _Course, one: Advice) -> PackAdvice:
    return PackAdvice(
        course.minute(one.signed_at or one.created_at),
        course.letter(one.facility.id if one.facility else None),
        course.mask(one.text),
        course.mask(one.findings),
    )


def _woman(case: Referral) -> PackWoman:
    woman, condition = case.pregnancy, CONDITIONS[case.condition]
    sent = case.snapshot
    age = sent.age if sent else woman.age if woman else None
    return PackWoman(
        age=age_band(age),
        gestation_days=sent.gestation_days if sent else woman.gestation_days if woman else None,
        gravida=sent.gravida if sent else None,
        para=sent.para if sent else None,
        plurality=sent.plurality if sent else None,
        risk_colour=case.risk_colour,
        condition=Words(condition.zh, condition.en),
        acuity=case.acuity,
        outcome=case.ending.outcome if case.ending else None,
    )


def _values(of: Any, names: Iterable[str] | None = None) -> list[PackValue]:
    if of is None:
        return []
    found = []
    for name in names or of.__struct_fields__:
        value = getattr(of, name)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            found.append(PackValue(name, value))
    return found


def _treatments(course: _Course, papers: Dossier) -> Iterator[PackMoment]:
    for one in sorted(papers.treatments, key=lambda one: one.given_at):
        if one.withdrawn is not None:
            continue
        known = TREATMENTS.entries.get(one.code)
        words = Words(known.zh, known.en) if known else Words(one.code, one.code)
        dose = None if one.dose is None else f"{one.dose:g} {one.unit or ''}".strip()
        house = one.by.facility_id if one.by else None
        yield PackMoment(
            course.minute(one.given_at), words, course.letter(house), one.late_reason is not None,
            dose,
        )  # fmt: skip


async def _readings(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    course: _Course,
    case_id: CaseId,
) -> list[PackReading]:
    found = []
    for id_ in (await session.execute(_READINGS, {"id": case_id})).scalars().all():
        detail = await readings.one(session, clock, viewer, sealer, id_)
        found += [
            PackReading(
                course.minute(one.signed_at),
                course.letter(one.facility_id),
                course.mask(one.report.conclusion),
                course.mask(one.report.recommendation),
            )
            for one in detail.signed
            if one.report is not None
        ]
    return found
