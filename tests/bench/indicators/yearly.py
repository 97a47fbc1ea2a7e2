"""Rows of files that come once a year: returns of houses and counties, licences, beds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

import msgspec

from server.demo.yearly import Covers, Residence, children, mothers
from tests.bench.indicators.province import House, Province
from tests.bench.indicators.rows import File

Row = tuple[date, Mapping[str, object]]


def yearly_files(
    province: Province, births: int, ends: Sequence[date], by: UUID, seed: int
) -> Iterator[File]:
    """Every house's files of the years that end on these days; about `births` a year."""
    dice = Random(f"{seed} yearly")
    counties: set[UUID] = set(province.counties)
    whole = sum(house.weight for house in province.houses)
    for house in province.houses:
        own = round(births * house.weight / whole)
        # The county's first house hands in the county's figures as well.
        area = own * 2 if house.region in counties else 0
        counties.discard(house.region)
        for sheet, rows in (
            ("annual_returns", list(_annual(own, area, ends, dice))),
            ("child_returns", list(_children(area, ends, dice))),
            (
                "institution_returns",
                [(end, {"obstetric_beds": 8 + 2 * house.weight}) for end in ends],
            ),
            ("practice_cards", list(_licences(house, ends[0], dice))),
            ("house_licences", [(ends[0], {"service": "midwifery", "active": True})]),
        ):
            if rows:
                yield _file(house, sheet, rows, by, dice)


def _file(house: House, sheet: str, rows: Sequence[Row], by: UUID, dice: Random) -> File:
    id_ = UUID(int=dice.getrandbits(128), version=4)
    lines = []
    for no, (day, said) in enumerate(rows, 1):
        key = sha256(f"{id_} {no}".encode()).hexdigest()
        content = msgspec.json.encode(said).decode()
        lines.append(f"{id_}\t{no}\t{sheet}\t{house.id}\t\\\\x{key}\t{day}\t{content}\n")
    head = (
        f"{id_}\t{sheet}\t1\t{house.id}\t{sheet}.csv\t\\\\x{'00' * 32}\t{by}\t{rows[0][0]}"
        f"\t{len(rows)}\t{len(rows)}\t0\n"
    )
    return File(head, lines)


def _annual(own: int, area: int, ends: Sequence[date], dice: Random) -> Iterator[Row]:
    for end in ends:
        yield end, _figures("house", "all", own, dice)
        if area:
            yield end, _figures("area", "registered", area * 4 // 5, dice)
            yield end, _figures("area", "other", area // 5, dice)
            if dice.random() < 0.3:
                yield end, _figures("area", "all", area, dice)


def _figures(
    covers: Covers, residence: Residence, births: int, dice: Random
) -> Mapping[str, object]:
    high_risk, deaths = dice.uniform(0.2, 0.7), int(dice.random() < 0.2)
    said = dict(mothers(covers, residence, births, high_risk=high_risk, deaths=deaths))
    if dice.random() < 0.1:
        del said["visited"]
    return said


def _children(area: int, ends: Sequence[date], dice: Random) -> Iterator[Row]:
    shares: tuple[tuple[Residence, int], ...] = (
        ("registered", area * 4 // 5),
        ("other", area // 5),
    )
    for end in ends if area else ():
        for residence, births in shares:
            infants = round(births * dice.uniform(0.002, 0.007))
            yield end, children(residence, births, infants)


def _licences(house: House, end: date, dice: Random) -> Iterator[Row]:
    for profession in ("obstetrician", "midwife", "nurse"):
        for _ in range(2 + house.weight):
            service = "midwifery" if dice.random() < 0.9 else "termination"
            said = {"profession": profession, "service": service, "active": dice.random() < 0.95}
            yield end - timedelta(days=dice.randrange(30, 1100)), said
