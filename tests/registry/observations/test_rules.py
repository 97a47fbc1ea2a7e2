"""Units, ranges and words: what is refused, and that conversion loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from registry.observations.catalogue import CATALOGUE
from registry.observations.errors import (
    CodeUnknown,
    Implausible,
    PressuresSwapped,
    UnitMissing,
    UnitRefused,
    WordRefused,
    WrongSubject,
)
from registry.observations.rules import (
    GUARD_DIGITS,
    check_together,
    fact_of,
    from_canonical,
    in_caution,
    read,
    to_canonical,
)

NUMBERS = [code for code, item in CATALOGUE.codes.items() if item.kind == "number"]
CONVERTED = [(code, way.unit) for code in NUMBERS for way in CATALOGUE.codes[code].also]

# Written independently of the catalogue, from molar masses and definitions: what one value in the
# other unit is in the stored one.
KNOWN = [
    ("bilirubin_umol_per_l", 6, "mg/dL", 102.6),  # 584.66 g/mol; the near-miss table's pair
    ("creatinine_umol_per_l", 3.5, "mg/dL", 309.5),  # 113.12 g/mol
    ("hb_g_per_l", 11.2, "g/dL", 112),
    ("temp_c", 100.4, "°F", 38.0),
    ("temp_c", 95, "℉", 35.0),
    ("glucose_mmol_per_l", 126, "mg/dL", 6.99),  # 180.16 g/mol
    ("lactate_mmol_per_l", 45, "mg/dL", 5.0),  # 90.08 g/mol
    ("plt_10e9_per_l", 50_000, "/µL", 50),
    ("plt_10e9_per_l", 50, "10^3/uL", 50),
    ("fibrinogen_g_per_l", 150, "mg/dL", 1.5),
    ("sbp_mmhg", 21.3, "kPa", 159.8),
    ("blood_loss_ml", 1.5, "L", 1500),
    ("weight_kg", 3250, "g", 3.25),
    ("height_cm", 1.58, "m", 158),
]


@pytest.mark.parametrize(("code", "value", "unit", "expected"), KNOWN)
def test_known_conversions(code: str, value: float, unit: str, expected: float) -> None:
    reading = read(code, number=value, unit=unit)
    assert reading.number == pytest.approx(expected, rel=0.002)
    assert reading.raw_value == f"{value:g}"
    assert reading.raw_unit == CATALOGUE.unit_named(unit)


def test_known_conversions_cover_every_unit_of_the_mother() -> None:
    told = {(code, CATALOGUE.unit_named(unit)) for code, _, unit, _ in KNOWN}
    assert ("tcb_mg_per_dl", "umol/L") in CONVERTED
    tcb = read("tcb_mg_per_dl", number=205.2, unit="µmol/L", subject="newborn")
    assert tcb.number == pytest.approx(12.0, rel=0.002)
    same = {"10*3/uL", "/uL", "kPa"}  # told once, for another code
    assert {pair for pair in CONVERTED if pair not in told and pair[1] not in same} == {
        ("tcb_mg_per_dl", "umol/L")
    }


@given(st.sampled_from(CONVERTED), st.floats(0, 1))
def test_conversion_there_and_back(pair: tuple[str, str], share: float) -> None:
    code, unit = pair
    item = CATALOGUE.codes[code]
    assert item.plausible is not None
    low, high = item.plausible
    number = low + (high - low) * share
    there = from_canonical(item, number, unit)
    step = 10.0 ** -(item.decimals + GUARD_DIGITS)
    assert to_canonical(item, there, unit) == pytest.approx(number, abs=step, rel=1e-9)


@given(st.sampled_from(NUMBERS), st.text(max_size=12))
def test_a_unit_that_is_not_listed_is_refused(code: str, unit: str) -> None:
    item = CATALOGUE.codes[code]
    subject = item.of[0]
    if CATALOGUE.unit_named(unit) in item.units:
        return
    with pytest.raises((UnitRefused, UnitMissing)) as refused:
        read(code, number=1.0, unit=unit, subject=subject)
    assert refused.value.fields["accepted"]


@pytest.mark.parametrize("unit", ["µmol/mL", "umol/ml", "mmol/L", "mg/L", "ug/dL"])
def test_the_published_unit_trap_is_closed(unit: str) -> None:
    with pytest.raises(UnitRefused) as refused:
        read("bilirubin_umol_per_l", number=100, unit=unit)
    assert refused.value.fields["accepted"] == "µmol/L, mg/dL"


def test_platelets_per_millilitre_are_refused() -> None:
    with pytest.raises(UnitRefused):
        read("plt_10e9_per_l", number=50_000, unit="/mL")


@pytest.mark.parametrize("code", NUMBERS)
def test_plausible_on_both_sides(code: str) -> None:
    item = CATALOGUE.codes[code]
    assert item.plausible is not None
    assert item.unit is not None
    low, high = item.plausible
    subject, step = item.of[0], 10.0 ** -(item.decimals + GUARD_DIGITS)
    for inside in (low, high):
        assert read(code, number=inside, unit=item.unit, subject=subject).number == inside
    for outside in (low - step, high + step, 1e30, -1e30):
        with pytest.raises(Implausible):
            read(code, number=outside, unit=item.unit, subject=subject)


@pytest.mark.parametrize(
    ("code", "value", "unit", "refusal"),
    [
        ("nonsense", 1, "g", CodeUnknown),
        ("map_mmhg", 90, "mmHg", CodeUnknown),
        ("shock_index", 1.2, "1", CodeUnknown),
        ("bmi_kg_per_m2", 31, "kg/m2", CodeUnknown),
        ("hb_g_per_l", 60, None, UnitMissing),
        ("hb_g_per_l", 60, " ", UnitMissing),
        ("hb_g_per_l", "low", "g/L", WordRefused),
        ("consciousness", "sleepy", None, WordRefused),
        ("consciousness", 3, None, WordRefused),
        ("headache", "perhaps", None, WordRefused),
        ("tcb_mg_per_dl", 9, "mg/dL", WrongSubject),
    ],
)
def test_refusals(code: str, value: float | str, unit: str | None, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        if isinstance(value, str):
            read(code, word=value, unit=unit)
        else:
            read(code, number=value, unit=unit)


def test_a_number_and_a_word_are_not_one_reading() -> None:
    with pytest.raises(WordRefused):
        read("hb_g_per_l", number=60, word="low", unit="g/L")
    with pytest.raises(WordRefused):
        read("headache", number=1, word="yes")
    with pytest.raises(WordRefused):
        read("headache")


def test_words_and_flags() -> None:
    assert read("consciousness", word="voice").word == "voice"
    assert read("headache", word="yes").fact is True
    assert read("headache", word="no").fact is False
    assert fact_of("urine_protein", None, "2+") == "2+"


def test_pressures_swapped() -> None:
    swapped = [read("sbp_mmhg", number=60, unit="mmHg"), read("dbp_mmhg", number=90, unit="mmHg")]
    with pytest.raises(PressuresSwapped):
        check_together(swapped)
    check_together(swapped[:1])
    check_together(
        [read("sbp_mmhg", number=0, unit="mmHg"), read("dbp_mmhg", number=0, unit="mmHg")]
    )


def test_caution() -> None:
    assert in_caution("sbp_mmhg", 89, None)
    assert in_caution("sbp_mmhg", 140, None)
    assert not in_caution("sbp_mmhg", 90, None)
    assert not in_caution("sbp_mmhg", 139, None)
    assert in_caution("consciousness", None, "voice")
    assert not in_caution("consciousness", None, "alert")
    assert in_caution("headache", None, "yes")
    assert not in_caution("headache", None, "no")
    assert not in_caution("weight_kg", 120, None)


def test_every_spelling_names_one_unit() -> None:
    spellings = [name for unit in CATALOGUE.units.values() for name in unit.spellings]
    assert len(set(spellings)) == len(spellings)
    for code, item in CATALOGUE.codes.items():
        for unit in item.units:
            assert unit in CATALOGUE.units, code
        assert (item.kind == "word") == bool(item.words)
        assert set(item.usual) <= set(item.words)
