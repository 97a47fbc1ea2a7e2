"""Populations: where their members stand in the facts, and who of them is in a scope.

Facts are what views over the chain show, kept as rows (server/migrations, 0048); row-level security
shows a viewer those of the cases and houses that she sees. Drills, voided cases and back-referrals
are in no population.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from quality.narrowing import if_given
from quality.vocabulary import FIELDS, Population


@dataclass(frozen=True, slots=True)
class Source:
    """Where the members of a population stand, and the names of their columns there.

    `fields` gives the column of each field of `quality.vocabulary.FIELDS`; `when` is the moment
    that must lie in the period asked for (empty: in any), `where` says who else is in the scope.
    `house` is the facility in whose region a member lies, `houses` those that it belongs to: a
    frozen period keeps regions and houses.
    """

    relation: str
    case_id: str
    number: str
    at: str
    place: str
    late: str
    demo: str
    when: str
    where: str
    house: str
    houses: str
    fields: Mapping[str, str]
    home: str = ""
    open: str = ""
    """Whether the viewer may read a member that she may count; empty: all that she counts."""

    kept_as: str = ""
    """By what a closed period knows a member that its closer may not read."""

    overseen: str = "CAST(NULL AS uuid[])"
    """Regions whose overseers see it, where that is not decided by its house."""

    @property
    def confidential(self) -> bool:
        """Whether some only count it."""
        return bool(self.open)

    @property
    def scope(self) -> str:
        """Who is in the period, region and facility asked for."""
        return f"{IN_PERIOD.format(at=self.when)} AND {self.where}" if self.when else self.where

    @property
    def regions(self) -> str:
        """The region that a member lies in, and all around it."""
        return regions_around(self.home or region_of(self.house))


NO_HOUSE: Final = UUID(int=0)
"""The house of what has none, among cells."""


def in_region(house: str) -> str:
    """Whether a house lies in the region asked for, if one is."""
    return f"""(CAST(:region AS uuid) IS NULL OR {house} IN (
          SELECT f.id FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE r.ancestor_id = :region))"""  # noqa: S608


def among_region(house: str) -> str:
    """As `in_region`, where an index finds few houses among many."""
    return if_given(
        "region",
        f"""{house} = ANY(ARRAY(
          SELECT f.id FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE r.ancestor_id = :region))""",  # noqa: S608
    )


IN_PERIOD: Final = "{at} >= :start AND {at} < :end"
# A facility's cases are those that it sent or accepted, an array that is looked up in the key of
# cases; a region's, those that began in it.
_OF_FACILITY: Final = if_given(
    "facility", "u.case_id = ANY(ARRAY(SELECT c.id FROM fact_cases_at(:facility) AS c (id)))"
)
CASES_WHERE: Final = f"""
    {_OF_FACILITY}
    AND {among_region("u.origin")}
"""
CASES_IN_SCOPE: Final = f"{IN_PERIOD.format(at='u.opened_at')} AND {CASES_WHERE}"
MISSING_IN_SCOPE: Final = f"""
    u.opened_at >= :start AND u.opened_at < :end
    AND {if_given("facility", "u.origin = :facility")}
    AND {in_region("u.origin")}
"""
"""Cases that were set aside: of them only when and where they began is known."""

HOUSES_OF_CASE: Final = """ARRAY(
          SELECT DISTINCT h FROM unnest(u.origin || u.receivers) h WHERE h IS NOT NULL)"""


NO_CASE: Final = "CAST(NULL AS uuid)"
"""The case of members that are none."""


def listed(case_id: str) -> str:
    """Whether a member is shown behind a number: 医务科 counts cases that are not its to open."""
    return (
        f"""({case_id} IS NULL OR (SELECT app_affairs_house()) IS NULL OR app_lists({case_id}))"""
    )


def regions_around(home: str) -> str:
    """The region `home` and all that it lies in."""
    around = "SELECT r.ancestor_id FROM region_closure r WHERE r.descendant_id"
    return f"ARRAY({around} = {home} ORDER BY r.depth)"


def at_houses(*houses: str) -> str:
    """At one of the `houses`, the first of which says where."""
    among = ", ".join(houses)
    return f"""
    {if_given("facility", f":facility IN ({among})")}
    AND {in_region(houses[0])}
"""


def region_of(house: str) -> str:
    return f"(SELECT f.region_id FROM facility f WHERE f.id = {house})"  # noqa: S608


def _of_house(
    of: Population,
    relation: str,
    computed: Mapping[str, str] | None = None,
    *,
    case_id: str = NO_CASE,
    number: str = "u.number",
    demo: str = "false",
    at: str = "u.at",
    when: str = "u.at",
    also: str = "true",
) -> Source:
    """Members of one house each, as rows of files are of the house that brought them."""
    return Source(
        relation=f"{relation} u",
        case_id=case_id,
        number=number,
        at=at,
        place="u.facility_id",
        late="false",
        demo=demo,
        when=when,
        where=f"{also} AND {at_houses('u.facility_id')}",
        house="u.facility_id",
        houses="ARRAY[u.facility_id]",
        fields={name: f"u.{name}" for name in FIELDS[of]} | dict(computed or {}),
    )


def _reviewed(
    of: Population,
    relation: str,
    *,
    case_id: str,
    also: str = "true",
    late: str = "false",
    of_review: bool = True,
) -> Source:
    """What follows a death or near-miss: few rows, read as they are; closed periods keep them."""
    place = "u.house"
    return Source(
        relation=f"{relation}(CAST(:start AS timestamptz), CAST(:end AS timestamptz)) u",
        case_id=case_id,
        number="CAST(NULL AS text)",
        at="u.at",
        place=place,
        late=late,
        demo="u.demo",
        when="u.at",
        where=f"{also} AND {at_houses(place)}",
        house=place,
        houses=f"ARRAY[{place}]",
        fields={name: f"u.{name}" for name in FIELDS[of]},
        open="u.open" if of_review else "",
        kept_as="u.kept_as" if of_review else "",
    )


# What is neither done nor due counts nowhere yet.
_ENDED: Final = "(u.done OR u.ends_at <= :as_of)"

# A house that gives the sum of residents and others is not counted by its parts as well.
_OVERALL: Final = """(u.residence = 'all' OR NOT EXISTS (
          SELECT 1 FROM {relation} a
           WHERE a.facility_id = u.facility_id AND a.day = u.day AND a.residence = 'all'
             AND a.covers IS NOT DISTINCT FROM u.covers))"""

# Figures of counties and city districts make those of everything around them.
_ADDS_UP: Final = """(u.covers = 'area' AND EXISTS (
          SELECT 1 FROM facility f JOIN region r ON r.id = f.region_id
           WHERE f.id = u.facility_id AND r.level = 'county'))"""
_THIS_YEAR: Final = "(u.day = CAST(:last_day AS date))"


def _returned(of: Population, relation: str) -> Source:
    """A year's figures, of a house or of its area."""
    overall = _OVERALL.format(relation=relation)
    fields = {"overall": overall, "adds_up": _ADDS_UP, "this_year": _THIS_YEAR}
    return _of_house(of, relation, fields)


# A house whose births (or beds) nobody gave has no denominator: its women (its doctors) wait.
_BIRTHS_GIVEN: Final = """(NOT u.woman OR EXISTS (
          SELECT 1 FROM fact_annual_return a
           WHERE a.facility_id = u.facility_id AND a.day = CAST(:last_day AS date)
             AND a.covers = 'house'))"""
_BEDS_GIVEN: Final = """(u.day IS NOT NULL OR EXISTS (
          SELECT 1 FROM fact_institution_return r
           WHERE r.facility_id = u.facility_id AND r.day = CAST(:last_day AS date)))"""
_NONE_OR_THIS_YEAR: Final = f"(u.day IS NULL OR {_THIS_YEAR})"


# What a consultation is about stands at the case that tells of it.
_NOT_OF_A_DRILL: Final = """
    u.told_of IS NULL AND NOT EXISTS (
          SELECT 1 FROM fact_consult t
           WHERE t.told_of = CAST(u.case_id AS text) AND t.drill)"""

# Advice, a consultation and a session about one case stand on chains of their own; a centre is
# counted once for the case that they go back to, by the first of them.
_FIRST_ABOUT_THE_CASE: Final = """
    NOT (u.drill OR u.voided) AND NOT EXISTS (
          SELECT 1 FROM fact_guidance e
           WHERE e.about = u.about AND e.centre = u.centre AND NOT (e.drill OR e.voided)
             AND (e.late, e.at, e.case_id) < (u.late, u.at, u.case_id))"""

# Of each house its newest count of each kind before the period's end. Everybody finds a bed; whose
# beds count in an indicator is asked as for all other facts.
_BED_COUNTS: Final = """(SELECT f.id AS facility_id, k.kind, l.total AS beds, 1 AS houses
          FROM facility f
         CROSS JOIN (VALUES ('resuscitation_bed'), ('obstetric_bed'), ('icu_bed')) k (kind)
         CROSS JOIN LATERAL (
           SELECT b.total FROM resource_report b
            WHERE b.facility_id = f.id AND b.kind = k.kind AND b.subkey = ''
              AND b.total IS NOT NULL AND b.reported_at < :end
            ORDER BY b.reported_at DESC, b.seq DESC LIMIT 1) l
         WHERE app_is_system() OR f.id IN (SELECT h.id FROM app_houses() AS h (id)))"""

SOURCES: Final[Mapping[Population, Source]] = {
    "pregnancies": _of_house(
        "pregnancies",
        "fact_pregnancy",
        {"has_file": "(u.file_id IS NOT NULL)"},
        case_id="u.file_id",
        number="CAST(NULL AS text)",
        demo="u.demo",
        also="u.drill IS NOT TRUE",
    ),
    "exercises": _of_house(
        "exercises", "quality_exercises()", case_id="u.id", number="CAST(NULL AS text)"
    ),
    "handed_in": _of_house(
        "handed_in", "quality_handed_in()", case_id="u.id", number="CAST(NULL AS text)"
    ),
    "bed_counts": _of_house(
        "bed_counts",
        _BED_COUNTS,
        number="CAST(NULL AS text)",
        at="CAST(:end AS timestamptz)",
        when="",
    ),
    "deliveries": _of_house("deliveries", "fact_delivery"),
    "newborns": _of_house("newborns", "fact_newborn"),
    "annual_returns": _returned("annual_returns", "fact_annual_return"),
    "child_returns": _returned("child_returns", "fact_child_return"),
    "severe_outcomes": _of_house(
        "severe_outcomes", "quality_severe_outcome", case_id="u.case_id", demo="u.demo"
    ),
    "outcomes_and_births": _of_house(
        "outcomes_and_births",
        "quality_outcome_and_birth",
        {
            "overall": _OVERALL.format(relation="fact_annual_return"),
            "this_year": _NONE_OR_THIS_YEAR,
            "births_given": _BIRTHS_GIVEN,
        },
        case_id="u.case_id",
        demo="u.demo",
    ),
    "obstetricians_and_beds": _of_house(
        "obstetricians_and_beds",
        "quality_obstetrician_and_bed",
        {"this_year": _NONE_OR_THIS_YEAR, "beds_given": _BEDS_GIVEN},
        at="coalesce(u.at, CAST(:end AS timestamptz))",
        when="",
        also="(u.licensed_on <= CAST(:last_day AS date) OR (u.at >= :start AND u.at < :end))",
    ),
    "practice_cards": _of_house(
        "practice_cards",
        "fact_practice_card",
        at="CAST(:end AS timestamptz)",
        when="",
        also="u.day <= CAST(:last_day AS date)",
    ),
    "house_licences": _of_house(
        "house_licences",
        "fact_house_licence",
        at="CAST(:end AS timestamptz)",
        when="",
        also="u.day <= CAST(:last_day AS date)",
    ),
    "death_steps": _reviewed(
        "death_steps", "quality_death_steps", case_id="u.case_id", also=_ENDED, of_review=False
    ),
    "reviews": _reviewed("reviews", "quality_reviews", case_id="u.id", late="u.late"),
    "review_measures": _reviewed(
        "review_measures", "quality_review_measures", case_id="u.id", also=_ENDED
    ),
    "cases": Source(
        relation="fact_case u",
        case_id="u.case_id",
        number="u.number",
        at="u.opened_at",
        place="u.origin",
        late="false",
        demo="u.demo",
        when="u.opened_at",
        where=f"NOT (u.drill OR u.voided OR u.back) AND {CASES_WHERE}",
        house="u.origin",
        houses=HOUSES_OF_CASE,
        overseen="u.region_ids",
        fields={
            "acuity": "u.acuity",
            "colour": "u.colour",
            "condition": "u.condition",
            "self_arrived": "u.self_arrived",
        },
    ),
    "guidance": Source(
        relation="fact_guidance u",
        case_id="u.case_id",
        number="CAST(NULL AS text)",
        at="u.at",
        place="u.centre",
        late="u.late",
        demo="u.demo",
        when="u.at",
        where=f"{_FIRST_ABOUT_THE_CASE} AND {at_houses('u.centre', 'u.institution')}",
        house="u.centre",
        houses="ARRAY[u.centre, u.institution]",
        fields={"upper_tier": "coalesce(u.upper_tier, false)", "in_area": "u.in_area"},
    ),
    "case_files": Source(
        relation="fact_case_file u",
        case_id="u.case_id",
        number="u.number",
        at="u.opened_at",
        place="u.facility_id",
        late="false",
        demo="u.demo",
        when="u.opened_at",
        where=f"NOT u.voided AND {at_houses('u.facility_id')}",
        house="u.facility_id",
        houses="ARRAY[u.facility_id]",
        fields={
            "colour": "u.colour",
            "purple": "u.purple",
            "agreed": "u.agreed",
            "report_due": "u.report_due",
            "reported_in_time": "u.reported_in_time",
        },
    ),
    "consults": Source(
        relation="fact_consult u",
        case_id="u.case_id",
        number="CAST(NULL AS text)",
        at="u.asked_at",
        place="u.facility_id",
        late="false",
        demo="u.demo",
        when="u.asked_at",
        where=f"{_NOT_OF_A_DRILL} AND {at_houses('u.facility_id')}",
        house="u.facility_id",
        houses="ARRAY[u.facility_id]",
        fields={"urgency": "u.urgency", "held": "u.held"},
    ),
    "districts": Source(
        relation="region u",
        case_id=NO_CASE,
        number="u.name",
        at="CAST(:end AS timestamptz)",
        place="CAST(NULL AS uuid)",
        late="false",
        demo="false",
        when="",
        where="""
    u.level = 'county'
    AND (CAST(:region AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM region_closure r
           WHERE r.descendant_id = u.id AND r.ancestor_id = :region))
    AND (CAST(:facility AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE f.id = :facility AND r.ancestor_id = u.id))
""",
        house="u.id",
        home="u.id",
        houses="""ARRAY(
          SELECT f.id FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE r.ancestor_id = u.id)""",
        # Asked of all at once: county by county it took a fifth of a millisecond each.
        fields={
            "has_maternal_centre": """(u.id IN (
          SELECT r.ancestor_id FROM facility f
            JOIN region_closure r ON r.descendant_id = f.region_id
            JOIN facility_role o ON o.facility_id = f.id AND o.role = 'maternal_centre'
             AND o.during @> CAST(:last_day AS date)))""",
            "answered_for": """(u.id IN (
          SELECT r.descendant_id FROM responsible_area a
            JOIN region_closure r ON r.ancestor_id = a.region_id
            JOIN region g ON g.id = a.region_id AND g.level IN ('county', 'city')
           WHERE a.kind = 'maternal' AND a.during @> CAST(:last_day AS date)))""",
            "has_experts": """(u.id IN (
          SELECT r.ancestor_id FROM expert_group g
            JOIN facility f ON f.id = g.facility_id
            JOIN region_closure r ON r.descendant_id = f.region_id))""",
        },
    ),
}
