"""Who has said yes, who is there, who is missing: the rules alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.escalation import crew
from duty.escalation.crew import Standing
from duty.escalation.ladder import ANY, Mode, Policy, Step
from duty.escalation.states import ReachState
from duty.rosters.oncall import DutyTier
from kernel.ids import PersonId

AT = datetime(2026, 11, 26, 3, tzinfo=UTC)
OB1, OB2, NEO, ANAE = (PersonId(uuid4()) for _ in range(4))
STEP = Step(0, frozenset({DutyTier.FIRST}), frozenset({ANY}))
FIRST = Policy((STEP,), 60)
MDT = Policy((STEP,), 60, Mode.QUORUM, {"obstetrics": 1, "neonatology": 1})
ALL = Policy((STEP,), 60, Mode.ALL)


def rung(
    person: PersonId,
    specialty: str = "obstetrics",
    state: str = "queued",
    *,
    step: int = 0,
    answered_s: float = 0,
    joined: bool = False,
) -> Standing:
    """How somebody stands; `answered_s`: seconds before `AT`."""
    yes = state == "acknowledged"
    return Standing(
        step,
        person,
        ReachState(state),
        specialty,
        "first",
        acknowledged_at=AT - timedelta(seconds=answered_s) if yes else None,
        joined_at=AT if joined else None,
    )


def missing(policy: Policy, *standings: Standing) -> dict[str, int]:
    return crew.lacking(crew.needs(policy, standings), crew.said_yes(standings))


def test_a_quorum_waits_for_each_specialty() -> None:
    neo = rung(NEO, "neonatology")
    assert missing(MDT, rung(OB1), neo) == {"obstetrics": 1, "neonatology": 1}
    yes = rung(OB1, state="acknowledged")
    assert missing(MDT, yes, neo) == {"neonatology": 1}
    assert missing(MDT, yes, rung(OB2, state="acknowledged"), neo) == {"neonatology": 1}
    assert missing(MDT, yes, rung(NEO, "neonatology", "acknowledged")) == {}


def test_a_quorum_counts_people_not_answers() -> None:
    policy = Policy((STEP,), 60, Mode.QUORUM, {"obstetrics": 2})
    twice = [rung(OB1, state="acknowledged"), rung(OB1, state="acknowledged", step=1)]
    assert missing(policy, *twice) == {"obstetrics": 1}
    assert missing(policy, *twice, rung(OB2, state="acknowledged")) == {}


def test_all_must_join_means_every_place_of_the_first_step() -> None:
    standings = [rung(OB1), rung(OB2), rung(NEO, "neonatology"), rung(ANAE, "anaesthesia", step=1)]
    assert crew.needs(ALL, standings) == {"obstetrics": 2, "neonatology": 1}


def test_whoever_was_silent_is_asked_anew_and_does_not_count_until_then() -> None:
    was = rung(OB1, state="acknowledged", answered_s=200)
    assert crew.said_yes([was]).keys() == {OB1}
    assert crew.said_yes([was, rung(OB1, step=1)]).keys() == set()


def test_silence_is_a_yes_that_did_not_come_in_time() -> None:
    just = rung(OB1, state="acknowledged", answered_s=180)
    early = rung(OB1, state="acknowledged", answered_s=179.9)
    there = rung(OB1, state="acknowledged", answered_s=999, joined=True)
    assert crew.silent(FIRST, [just], AT).keys() == {OB1}
    assert crew.silent(FIRST, [early], AT) == {}
    assert crew.silent(FIRST, [there], AT) == {}
    unasked = Policy((STEP,), 60, join_within_s=0)
    assert crew.silent(unasked, [just], AT) == {}


def test_the_next_step_leaves_out_who_is_here_and_what_is_met() -> None:
    found = crew.crew_of(MDT, [rung(OB1, state="acknowledged"), rung(NEO, "neonatology")])
    assert set(found.here) == {OB1}
    assert (set(found.met), set(found.missing)) == ({"obstetrics"}, {"neonatology"})
    without = crew.crew_of(MDT, [rung(OB1, state="acknowledged")], without={OB1})
    assert set(without.here) == set()
    assert set(without.missing) == {"obstetrics", "neonatology"}


@pytest.mark.parametrize(
    ("policy", "others", "hurry"),
    [
        (FIRST, [rung(OB2)], False),
        (FIRST, [rung(OB2, state="declined")], True),
        (MDT, [rung(NEO, "neonatology")], True),
        (MDT, [rung(OB2, state="seen"), rung(NEO, "neonatology")], False),
        (MDT, [rung(OB2, state="acknowledged"), rung(NEO, "neonatology")], False),
    ],
)
def test_a_no_hurries_when_nobody_is_left_who_might(
    policy: Policy, others: list[Standing], hurry: bool
) -> None:
    standings = [rung(OB1, state="declined"), *others]
    assert crew.hopeless(policy, standings, OB1) is hurry


SPECIALTIES = ["obstetrics", "neonatology", "anaesthesia"]
PEOPLE = [PersonId(uuid4()) for _ in range(6)]


@given(
    rows=st.dictionaries(
        st.sampled_from(PEOPLE),
        st.tuples(st.sampled_from(SPECIALTIES), st.sampled_from(ReachState), st.booleans()),
    ),
    quorum=st.dictionaries(st.sampled_from(SPECIALTIES), st.integers(1, 3), min_size=1),
)
def test_met_and_missing_share_out_the_quorum(
    rows: dict[PersonId, tuple[str, ReachState, bool]], quorum: dict[str, int]
) -> None:
    policy = Policy((STEP,), 60, Mode.QUORUM, quorum)
    standings = [
        rung(person, specialty, state, joined=joined)
        for person, (specialty, state, joined) in rows.items()
    ]
    found = crew.crew_of(policy, standings)
    assert set(found.met) | set(found.missing) == quorum.keys()
    assert not set(found.met) & set(found.missing)
    lacking = crew.lacking(quorum, crew.said_yes(standings))
    assert lacking.keys() == set(found.missing)
    assert all(0 < lacking[code] <= quorum[code] for code in lacking)
    assert crew.arrived(standings).keys() <= crew.said_yes(standings).keys()
    assert not set(found.declined) & set(found.here)
