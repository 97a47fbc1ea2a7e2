"""Ranking: total, explained; too old is never free, closed is never before open."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.rules.candidates import (
    RULES,
    TIERS,
    Candidate,
    Count,
    HouseFacts,
    Need,
    first_to_ask,
    kilometres,
    load,
    minutes_for,
    rank,
)
from referral.rules.conditions import CATALOGUE
from registry.resources.rules import CATALOGUE as KINDS

ABILITIES = sorted(KINDS.capabilities)
counts = st.builds(
    Count,
    free=st.integers(0, 12),
    held=st.integers(0, 3),
    standing=st.sampled_from(["current", "stale", "never"]),
    age_minutes=st.one_of(st.none(), st.integers(0, 900)),
)


def _houses(number: int) -> st.SearchStrategy[HouseFacts]:
    return st.builds(
        HouseFacts,
        id=st.just(UUID(int=number + 1)),
        code=st.just(f"H{number}"),
        tier=st.sampled_from(TIERS),
        designated=st.just(number == 0),
        origin=st.just(False),
        capabilities=st.one_of(st.none(), st.frozensets(st.sampled_from(ABILITIES))),
        counts=st.dictionaries(
            st.sampled_from(["obstetric_bed", "icu_bed", "nicu_cot", "neonatal_ventilator"]), counts
        ),
        km=st.one_of(st.none(), st.floats(0, 900)),
        inbound=st.integers(0, 5),
        diverted=st.booleans(),
        asked=st.sampled_from([None, "asked", "declined", "expired"]),
    )


regions = st.integers(1, 7).flatmap(lambda n: st.tuples(*(_houses(k) for k in range(n))))
needs = st.builds(
    Need,
    condition=st.sampled_from(sorted(CATALOGUE)),
    acuity=st.sampled_from(["resuscitation", "critical", "urgent", "stable"]),
    part=st.sampled_from(["mother", "newborn"]),
    cots=st.integers(0, 3),
    gestation_days=st.one_of(st.none(), st.integers(150, 290)),
)


def _codes(one: Candidate) -> set[str]:
    return {reason.code for reason in one.reasons}


@given(needs, regions, st.randoms())
def test_the_order_is_total_and_does_not_depend_on_how_they_came(need, houses, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = list(houses)
    chance.shuffle(mixed)
    first, second = rank(need, houses, RULES), rank(need, mixed, RULES)
    assert [one.house.id for one in first] == [one.house.id for one in second]
    assert [one.rank for one in first] == list(range(1, len(houses) + 1)), "nobody is hidden"
    assert all(one.reasons for one in first), "everybody has a reason"


@given(needs, regions)
def test_the_unsuitable_stand_below_with_why(need: Need, houses: tuple[HouseFacts, ...]) -> None:
    ranked = rank(need, houses, RULES)
    fit = [one.suitable for one in ranked]
    assert fit == sorted(fit, reverse=True)
    for one in ranked:
        if one.house.diverted:
            assert not one.suitable
            assert "diverted" in _codes(one)
        if not one.suitable:
            assert any(not reason.favourable for reason in one.reasons)


@given(needs, regions, st.integers(0, 99))
def test_a_stale_number_changes_nothing_and_is_never_shown(
    need: Need, houses: tuple[HouseFacts, ...], other: int
) -> None:
    stale = [
        replace(
            house,
            counts={kind: replace(count, standing="stale") for kind, count in house.counts.items()},
        )
        for house in houses
    ]
    lying = [
        replace(
            house, counts={kind: replace(count, free=other) for kind, count in house.counts.items()}
        )
        for house in stale
    ]
    first, second = rank(need, stale, RULES), rank(need, lying, RULES)
    assert [one.house.id for one in first] == [one.house.id for one in second]
    for one in first:
        assert "places_free" not in _codes(one)
        assert all("free" not in reason.values for reason in one.reasons)


@given(st.integers(0, 5), st.integers(0, 5))
def test_what_is_held_is_not_free(free: int, held: int) -> None:
    count = Count(free, held, "current", 5)
    assert count.open == max(0, free - held)
    house = HouseFacts(UUID(int=1), "H", "city", counts={"obstetric_bed": count})
    (one,) = rank(Need("pph", "urgent", "mother"), [house], RULES)
    assert ("places_free" in _codes(one)) == (free > held)


def _plain(number: int, **more: object) -> HouseFacts:
    return HouseFacts(UUID(int=number), f"H{number}", "city", **more)  # type: ignore[arg-type]


PPH = Need("pph", "critical", "mother")
FRESH = {"obstetric_bed": Count(2, 0, "current", 9)}


def test_the_designated_centre_comes_first_unless_it_is_closed() -> None:
    near, centre = _plain(1, counts=FRESH, km=5.0), _plain(2, designated=True, km=80.0)
    assert rank(PPH, [near, centre], RULES)[0].house is centre
    closed = replace(centre, diverted=True)
    assert rank(PPH, [near, closed], RULES)[0].house is near


def test_known_free_before_unknown_before_full_and_near_before_far() -> None:
    free, unknown = _plain(1, counts=FRESH, km=90.0), _plain(2, km=10.0)
    full = _plain(3, counts={"obstetric_bed": Count(0, 0, "current", 9)}, km=1.0)
    nearer = _plain(4, counts=FRESH, km=20.0)
    ranked = rank(PPH, [unknown, full, free, nearer], RULES)
    assert [one.house.code for one in ranked] == ["H4", "H1", "H2", "H3"]


def test_a_house_that_cannot_is_not_asked_one_that_never_said_is() -> None:
    accreta = Need("placenta_accreta", "critical", "mother")
    cannot, silent = _plain(1, capabilities=frozenset({"icu"})), _plain(2)
    first, second = rank(accreta, [cannot, silent], RULES)
    assert (first.house, first.suitable) == (silent, True)
    assert "capability_unknown" in _codes(first)
    assert (second.house, second.suitable) == (cannot, False)
    lacks = next(reason for reason in second.reasons if reason.code == "lacks")
    assert lacks.values == {"capabilities": ["accreta_team"]}


def test_an_early_newborn_needs_level_three() -> None:
    two = _plain(1, capabilities=frozenset({"nicu_level_2"}))
    for days, fit in ((223, False), (224, True), (None, True)):
        need = Need("preterm_newborn", "critical", "newborn", 1, days)
        assert rank(need, [two], RULES)[0].suitable is fit


def test_twins_need_two_cots() -> None:
    one_cot = _plain(
        1,
        capabilities=frozenset({"nicu_level_3"}),
        counts={"nicu_cot": Count(1, 0, "current", 3)},
    )
    single = Need("preterm_labour", "critical", "newborn", 1, 200)
    assert "places_free" in _codes(rank(single, [one_cot], RULES)[0])
    assert "places_full" in _codes(rank(replace(single, cots=2), [one_cot], RULES)[0])


def test_one_after_the_other_unless_she_is_being_resuscitated() -> None:
    centre = _plain(2, designated=True, diverted=True)
    ranked = rank(PPH, [_plain(1, counts=FRESH), centre, _plain(3, counts=FRESH)], RULES)
    assert first_to_ask(ranked, "critical", centre.id, RULES) == [UUID(int=1)]
    # Closed or not: the designated centre is told, for its advice.
    assert first_to_ask(ranked, "resuscitation", centre.id, RULES) == [centre.id, UUID(int=1)]
    nobody = rank(PPH, [centre], RULES)
    assert first_to_ask(nobody, "critical", centre.id, RULES) == [centre.id]


def test_an_estimate_of_the_way() -> None:
    km = kilometres((30.0, 110.0), (30.0, 111.0))
    assert km == pytest.approx(96.3, abs=0.5)
    assert kilometres((30.0, 110.0), (30.0, 110.0)) == 0
    assert minutes_for(0, RULES) == RULES.raw["travel"]["prepare_minutes"]
    assert minutes_for(km, RULES) > minutes_for(km / 2, RULES)


def test_rules_that_could_put_a_closed_house_first_are_refused(tmp_path: Path) -> None:
    text = (Path("referral") / "candidates.toml").read_text("utf-8")
    for wrong in (
        text.replace('["unsuitable", ', "["),
        text.replace(', "code"]', "]"),
        text.replace('"tier", ', '"phase_of_the_moon", '),
    ):
        place = tmp_path / "candidates.toml"
        place.write_text(wrong, "utf-8")
        with pytest.raises(ValueError, match="order"):
            load(place)


def test_every_condition_and_capability_of_the_rules_exists() -> None:
    assert RULES.status == "待核实"
    named = set(RULES.raw["conditions"]) - {"default"}
    assert named <= set(CATALOGUE)
    for row in RULES.raw["conditions"].values():
        assert {*row["required"], *row["wanted"]} <= set(KINDS.capabilities)
    for places in RULES.raw["places"].values():
        assert {places["needs"], places["also"]} <= set(KINDS.kinds)
