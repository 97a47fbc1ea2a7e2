"""Answers lead to proposals, people decide, and everything that was stays."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import NotFound
from kernel.viewer import Role, Viewer
from registry.observations import service as observations
from registry.observations.schemas import Entry
from registry.pregnancies.errors import NoFacility
from registry.risk import service
from registry.risk.choosing import choose
from registry.risk.errors import (
    AnswerInvalid,
    AssessmentLevel,
    ColourUnknown,
    FactUnknown,
    NotGradable,
    ProposalOutdated,
    RulesetUnknown,
    SameGrade,
)
from registry.risk.rules import Outcome
from registry.risk.rulesets import Colour, Kind, rulebook
from registry.risk.schemas import RiskOut
from registry.risk.states import GradeAction, GradeState
from tests.registry.risk.clinic import Clinic, rows
from tests.registry.world import START, case

TOWNSHIP = "UPDATE facility SET tier = '{}' WHERE code = '石桥县医院' AND :her <> '' RETURNING 1"
TOLD = (
    "SELECT payload FROM outbox WHERE topic = 'risk.graded' AND payload ->> 'pregnancy_id' = :her"
)
ANSWERED = (
    "SELECT value, method FROM risk_answer WHERE pregnancy_id = CAST(:her AS uuid) ORDER BY id"
)


async def test_at_first_nothing_is_known_and_nothing_is_proposed(clinic: Clinic) -> None:
    seen = await clinic.look()
    assert seen.current is None
    assert seen.assessment.evaluation.outcome is Outcome.UNKNOWN
    assert seen.assessment.proposal is None
    assert seen.assessment.evaluation.questions
    known = {entry.fact.fact: entry.fact.value for entry in seen.known}
    assert known["age_years"] == 30
    assert known["previous_birth"] is False
    assert "plurality" not in known, "one fetus is what nobody has counted yet"


async def test_a_positive_fact_proposes_at_once_and_a_person_confirms(clinic: Clinic) -> None:
    proposal = await clinic.assess(hb_g_per_l=55)
    seen = await clinic.look()
    assert seen.current is None, "a proposal is not a grade"
    assert seen.assessment.proposal is not None
    assert seen.assessment.proposal.id == proposal
    assert seen.assessment.proposal.colour is Colour.ORANGE
    assert seen.assessment.evaluation.may_rise_to is Colour.RED
    graded = await clinic.confirm(proposal)
    assert (graded.status, graded.colour, graded.was) == (GradeState.CONFIRMED, "orange", None)
    assert [condition.code for condition in graded.fired] == ["O2.6.2"]
    assert await clinic.current() == graded
    assert (await clinic.look()).assessment.proposal is None


async def test_confirming_writes_what_follows_into_the_outbox_in_the_same_transaction(
    clinic: Clinic,
) -> None:
    proposal = await clinic.assess(hb_g_per_l=55, syphilis=True)
    graded = await clinic.confirm(proposal)
    told = await rows(clinic, TOLD)
    assert [row.payload for row in told] == [
        {
            "grade_id": str(graded.id),
            "pregnancy_id": str(clinic.her),
            "facility_id": str(clinic.world.county_hospital),
            "colour": "orange",
            "purple": True,
        }
    ]


async def test_green_is_reached_by_asking_everything(clinic: Clinic) -> None:
    measured = {"plurality": 1, "height_cm": 160, "weight_early_kg": 55.5}
    await clinic.say_no_to_all_that_is_asked(Kind.ASSESSMENT, **measured, hb_g_per_l=120)
    seen = await clinic.look()
    assert seen.assessment.evaluation.outcome is Outcome.UNKNOWN
    assert [question.fact for question in seen.assessment.evaluation.questions] == [
        "plt_10e9_per_l"
    ]
    made = await clinic.say(plt_10e9_per_l=200)
    seen = await clinic.look()
    assert seen.assessment.evaluation.colour is Colour.GREEN
    assert seen.assessment.evaluation.purple is False
    assert seen.assessment.proposal is not None
    graded = await clinic.confirm(seen.assessment.proposal.id)
    assert graded.colour is Colour.GREEN
    assert graded.id not in made


async def test_new_data_propose_a_regrade_that_shows_old_and_new(clinic: Clinic) -> None:
    first = await clinic.assess(hb_g_per_l=90)
    await clinic.confirm(first)
    clinic.world.clock.advance(timedelta(days=30))
    second = await clinic.assess(severe_preeclampsia=True)
    seen = await clinic.look()
    assert seen.current is not None
    assert seen.current.colour is Colour.YELLOW, "nothing changes until somebody confirms"
    assert seen.assessment.proposal is not None
    assert (seen.assessment.proposal.was, seen.assessment.proposal.colour) == ("yellow", "orange")
    await clinic.confirm(second)
    history = await clinic.history()
    assert [(entry.status, entry.colour) for entry in history] == [
        ("proposed", "yellow"),
        ("confirmed", "yellow"),
        ("proposed", "orange"),
        ("confirmed", "orange"),
    ]
    assert [entry.at for entry in history] == sorted(entry.at for entry in history)


async def test_the_same_facts_again_propose_nothing(clinic: Clinic) -> None:
    proposal = await clinic.assess(hb_g_per_l=90)
    assert await clinic.say(hb_g_per_l=92) == []
    await clinic.confirm(proposal)
    assert await clinic.say(hb_g_per_l=95) == []


async def test_a_corrected_answer_takes_the_proposal_back(clinic: Clinic) -> None:
    proposal = await clinic.assess(hb_g_per_l=30)
    assert await clinic.say(hb_g_per_l=130) == []
    seen = await clinic.look()
    assert seen.assessment.proposal is None
    assert [entry.status for entry in await clinic.history()] == ["proposed", "withdrawn"]
    with pytest.raises(ProposalOutdated):
        await clinic.confirm(proposal)


async def test_a_newer_proposal_takes_the_place_of_the_older(clinic: Clinic) -> None:
    first = await clinic.assess(hb_g_per_l=90)
    second = await clinic.assess(severe_preeclampsia=True)
    with pytest.raises(ProposalOutdated):
        await clinic.confirm(first)
    assert (await clinic.confirm(second)).colour is Colour.ORANGE


async def test_an_answer_taken_back_is_unknown_again(clinic: Clinic) -> None:
    await clinic.say(plurality=2)
    await clinic.say(plurality=None)
    seen = await clinic.look()
    assert "plurality" in {question.fact for question in seen.assessment.evaluation.questions}
    told = await rows(clinic, ANSWERED)
    assert [(row.value, row.method) for row in told] == [(2.0, "asked"), (None, "withdrawn")]


async def test_what_is_measured_becomes_an_observation_and_is_voided_there(clinic: Clinic) -> None:
    await clinic.say(hb_g_per_l=90)
    assert await rows(clinic, ANSWERED) == []
    (known,) = [one for one in (await clinic.look()).known if one.fact.fact == "hb_g_per_l"]
    assert (known.source, known.fact.value, known.at) == ("observation", 90, START)
    with pytest.raises(AnswerInvalid):
        await clinic.say(hb_g_per_l=None)


async def test_a_reading_taken_elsewhere_counts_and_a_late_weight_is_not_the_early_one(
    clinic: Clinic,
) -> None:
    async def weigh(kilograms: float, on: date) -> None:
        entry = Entry(code="weight_kg", number=kilograms, unit="kg")
        moment = datetime.combine(on, time(4), UTC)
        async with clinic.clone.app.session(clinic.doctor) as session:
            await observations.record(
                session,
                clinic.world.clock,
                clinic.doctor,
                pregnancy_id=clinic.her,
                entries=[entry],
                taken_at=moment,
            )

    def known(seen: RiskOut) -> dict[str, object]:
        return {one.fact.fact: one.fact.value for one in seen.known}

    await weigh(80, date(2026, 8, 8))  # 14 weeks and 1 day
    assert "weight_early_kg" not in known(await clinic.look())
    await weigh(61, date(2026, 7, 1))
    await weigh(64, date(2026, 8, 1))
    assert known(await clinic.look())["weight_early_kg"] == 61
    await clinic.say(weight_early_kg=59)
    assert known(await clinic.look())["weight_early_kg"] == 59, "her own word comes first"


async def test_time_alone_can_change_the_result_and_asking_again_proposes(clinic: Clinic) -> None:
    await clinic.say(malpresentation=True)
    seen = await clinic.look()
    assert seen.assessment.evaluation.outcome is Outcome.UNKNOWN
    clinic.world.clock.advance(timedelta(days=60))  # 252 days: 36 weeks
    seen = await clinic.look()
    assert seen.assessment.changed
    assert seen.assessment.evaluation.colour is Colour.YELLOW
    async with clinic.clone.app.session(clinic.doctor) as session:
        made = await service.propose_if_changed(
            session, clinic.world.clock, clinic.doctor, clinic.her
        )
    assert (await clinic.confirm(made[0])).colour is Colour.YELLOW


async def test_an_override_needs_a_proposal_that_was_seen_and_gives_its_reason(
    clinic: Clinic,
) -> None:
    proposal = await clinic.assess(hb_g_per_l=90)
    with pytest.raises(ProposalOutdated):
        await clinic.override(Colour.RED)
    with pytest.raises(SameGrade):
        await clinic.say(syphilis=False, hiv=False)
        await clinic.say(**dict.fromkeys(PURPLE_FACTS, False))
        waiting = (await clinic.look()).assessment.proposal
        assert waiting is not None
        proposal = waiting.id
        await clinic.override(Colour.YELLOW, proposal=proposal)
    graded = await clinic.override(Colour.RED, purple=True, proposal=proposal)
    assert (graded.status, graded.colour, graded.purple) == ("overridden", "red", True)
    assert (graded.evaluated_colour, graded.evaluated_purple) == ("yellow", False)
    assert graded.reason == "既往病历提示风险更高"
    assert (await clinic.current()) == graded
    assert await clinic.say(hb_g_per_l=91) == [], "the same ground does not ask again"


PURPLE_FACTS = (
    "viral_hepatitis",
    "tuberculosis",
    "severe_infectious_pneumonia",
    "special_viral_infection",
)


async def test_a_person_may_grade_what_the_table_cannot(clinic: Clinic) -> None:
    graded = await clinic.override(Colour.ORANGE)
    assert (graded.status, graded.evaluated_colour, graded.outcome) == (
        "overridden",
        None,
        Outcome.UNKNOWN,
    )
    assert [entry.status for entry in await clinic.history()] == ["proposed", "overridden"]
    with pytest.raises(ColourUnknown):
        await clinic.override(Colour.PINK)


async def test_an_infection_alone_waits_for_the_rest_before_it_can_be_confirmed(
    clinic: Clinic,
) -> None:
    made = await clinic.say(hiv=True)
    seen = await clinic.look()
    proposals = {seen.screening.proposal and seen.screening.proposal.id: Kind.SCREENING}
    assert seen.assessment.proposal is not None
    assert (seen.assessment.proposal.colour, seen.assessment.proposal.purple) == (None, True)
    assert set(made) == {seen.assessment.proposal.id, *proposals}
    assert seen.assessment.actions == [GradeAction.OVERRIDE]
    with pytest.raises(NotGradable):
        await clinic.confirm(seen.assessment.proposal.id)


async def test_a_positive_screening_has_no_colour_and_never_replaces_an_assessment(
    clinic: Clinic,
) -> None:
    (positive,) = await clinic.say(infertility_history=True)
    screened = await clinic.confirm(positive)
    assert (screened.kind, screened.outcome, screened.colour) == ("screening", "positive", None)
    assert await clinic.current() == screened
    assert await rows(clinic, TOLD) == []
    proposal = await clinic.assess(severe_preeclampsia=True)
    assessed = await clinic.confirm(proposal)
    assert await clinic.current() == assessed


async def test_a_negative_screening_is_green_with_the_optional_items_declared(
    clinic: Clinic,
) -> None:
    await clinic.say_no_to_all_that_is_asked(
        Kind.SCREENING,
        plurality=1,
        height_cm=160,
        weight_early_kg=55,
        sbp_mmhg=110,
        dbp_mmhg=70,
        hb_g_per_l=120,
        plt_10e9_per_l="not_done",
    )
    seen = await clinic.look()
    assert seen.screening.evaluation.outcome is Outcome.UNKNOWN, "ferritin was not spoken of"
    (proposal,) = await clinic.say(ferritin_ug_per_l="not_done")
    screened = await clinic.confirm(proposal)
    assert (screened.outcome, screened.colour, screened.not_done) == ("negative", "green", 2)


@pytest.mark.parametrize(
    ("fact", "value", "refusal"),
    [
        ("unheard_of", True, FactUnknown),
        ("bmi_early_kg_per_m2", 22, FactUnknown),
        ("hb_g_per_l", True, AnswerInvalid),
        ("hb_g_per_l", 900, AnswerInvalid),
        ("hb_g_per_l", 9, AnswerInvalid),
        ("plurality", 1.5, AnswerInvalid),
        ("rh_negative", 1, AnswerInvalid),
        ("rh_negative", "not_done", AnswerInvalid),
    ],
)
async def test_an_answer_that_fits_no_question_records_nothing(
    clinic: Clinic, fact: str, value: Any, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await clinic.say(syphilis=True, **{fact: value})
    assert await rows(clinic, ANSWERED) == []


async def test_a_township_screens_and_does_not_assess(clinic: Clinic) -> None:
    await rows(clinic, TOWNSHIP.format("township"))
    made = await clinic.say(hb_g_per_l=90)
    seen = await clinic.look()
    assert seen.assessment.actions == []
    assert seen.screening.actions == [GradeAction.CONFIRM]
    assert seen.screening.proposal is not None
    assert (await clinic.confirm(seen.screening.proposal.id)).outcome is Outcome.POSITIVE
    (assessment,) = set(made) - {seen.screening.proposal.id}
    with pytest.raises(AssessmentLevel):
        await clinic.confirm(assessment)
    with pytest.raises(AssessmentLevel):
        await clinic.override(Colour.RED, proposal=assessment)
    await rows(clinic, TOWNSHIP.format("county"))


async def test_only_her_hospital_and_the_parties_of_her_cases_see_it(clinic: Clinic) -> None:
    proposal = await clinic.assess(hb_g_per_l=55)
    await clinic.confirm(proposal)
    outsider, expert = clinic.world.outsider, clinic.world.expert
    for stranger in (outsider, expert):
        with pytest.raises(NotFound):
            await clinic.look(stranger)
        with pytest.raises(NotFound):
            await clinic.say(stranger, hb_g_per_l=50)
        with pytest.raises(NotFound):
            await clinic.confirm(proposal, stranger)
    await case(clinic.clone.app, clinic.world, clinic.doctor, clinic.made, clinic.world.city_centre)
    current = await clinic.current(expert)
    assert current is not None
    assert current.colour is Colour.ORANGE
    second = await clinic.assess(expert, severe_preeclampsia=True)
    assert (await clinic.confirm(second, expert)).facility is not None
    assert len(await clinic.history()) == 4


async def test_the_net_below_holds_without_the_repository(clinic: Clinic) -> None:
    await clinic.say(hb_g_per_l=55)
    watcher = clinic.world.viewer(
        Role.COMMISSION, clinic.world.province_centre, clinic.world.province
    )
    for stranger in (clinic.world.outsider, watcher):
        async with clinic.clone.app.session(stranger) as session:
            for table in ("risk_answer", "risk_grade"):
                assert (await session.execute(text(f"SELECT 1 FROM {table}"))).all() == []
    for change in ("UPDATE risk_grade SET colour = 'green'", "DELETE FROM risk_answer"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with clinic.clone.app.session(clinic.doctor) as session:
                await session.execute(text(change))


async def test_somebody_at_no_facility_reads_but_does_not_grade(clinic: Clinic) -> None:
    await case(clinic.clone.app, clinic.world, clinic.doctor, clinic.made)
    coordinator = clinic.world.viewer(
        Role.COORDINATOR, clinic.world.county_hospital, clinic.world.county
    )
    seen = await clinic.look(coordinator)
    assert not seen.may_answer
    assert seen.assessment.actions == []
    with pytest.raises(NoFacility):
        await clinic.say(coordinator, hb_g_per_l=50)


async def test_the_platform_proposes_as_nobody(clinic: Clinic) -> None:
    await clinic.say(malpresentation=True)
    clinic.world.clock.advance(timedelta(days=60))
    engine = Viewer.system("engine")
    async with clinic.clone.system.session(engine) as session:
        made = await service.propose_if_changed(session, clinic.world.clock, engine, clinic.her)
    proposal = (await clinic.look()).assessment.proposal
    assert proposal is not None
    assert (made, proposal.by) == ([proposal.id], None)


async def test_the_nearest_region_that_chose_a_variant_decides(clinic: Clinic) -> None:
    world = clinic.world
    async with clinic.clone.system.session(Viewer.system("test")) as session:
        await choose(session, "990000", "beijing", date(2020, 1, 1))
        await choose(session, "990121", "zhejiang_2018", date(2026, 12, 1))
        with pytest.raises(RulesetUnknown):
            await choose(session, "990100", "nowhere", date(2020, 1, 1))
    assert (await clinic.look()).assessment.evaluation.ruleset.variant == "beijing"
    assert (await clinic.override(Colour.CRITICAL)).colour is Colour.CRITICAL
    world.clock.advance(timedelta(days=10))
    seen = await clinic.look()
    assert seen.assessment.evaluation.ruleset.variant == "zhejiang_2018"
    assert seen.screening.evaluation.ruleset.variant == "national_2017"
    made = await clinic.say(alt_raised=True)
    graded = await clinic.confirm(made[0])
    assert (graded.colour, graded.was, graded.version) == (
        "yellow",
        "critical",
        rulebook().rulesets["zhejiang_2018", Kind.ASSESSMENT].version,
    )
