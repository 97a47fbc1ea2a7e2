from registry.resources.rules import CATALOGUE
from server.demo.counts import COUNTS, entries_of
from server.demo.region import PLACES, people

BY_CODE = {house.code: house for house in PLACES.facilities}


def test_every_count_of_the_demo_is_in_the_catalogue_and_possible() -> None:
    for house in PLACES.facilities:
        if house.staff not in COUNTS["counts"]:
            continue
        for entry in entries_of(house):
            assert CATALOGUE.known(entry.kind, entry.subkey), (house.code, entry.kind)
            assert entry.total is None or entry.free <= entry.total, (house.code, entry.kind)


def test_somebody_sits_at_every_desk_that_counts() -> None:
    logins = {person.login for person in people()}
    posts = {
        f"{house.code.lower()}.{COUNTS['posts'][house.staff]}"
        for house in PLACES.facilities
        if house.staff in COUNTS["counts"]
    }
    assert posts <= logins
    assert {f"{one['house'].lower()}.desk" for one in COUNTS["diversions"]} <= logins


def test_some_values_are_too_old_when_the_demo_starts() -> None:
    limit = CATALOGUE.kinds["obstetric_bed"].stale_after.total_seconds() / 60
    ages = COUNTS["age_minutes"]
    assert ages["default"] < limit
    assert any(age > limit for code, age in ages.items() if code in BY_CODE)


def test_houses_can_do_only_what_the_catalogue_knows() -> None:
    able = {
        code
        for codes in (*COUNTS["able"].values(), *COUNTS["able_more"].values())
        for code in codes
    }
    assert able <= set(CATALOGUE.capabilities)
