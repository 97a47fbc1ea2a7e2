"""Rows of files: the year's women delivered, their newborns, and their high-risk files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from random import Random
from typing import Final
from uuid import UUID

import msgspec

from tests.bench.indicators.held import registration
from tests.bench.indicators.province import House, Province
from tests.bench.indicators.stories import NULL

BATCH_COLUMNS: Final = (
    "id", "sheet", "sheet_no", "facility_id", "file_name", "digest", "added_by", "added_at",
    "rows", "taken", "warnings",
)  # fmt: skip
ROW_COLUMNS: Final = (
    "batch_id", "row_no", "sheet", "facility_id", "key_hash", "day", "content",
)  # fmt: skip
CORRECTED: Final = 0.01
"""Share of rows that a later file of the same month replaces."""


@dataclass(slots=True)
class File:
    """One house's file of one month."""

    head: str
    rows: list[str]


def files(
    province: Province, sheet: str, start: date, count: int, by: UUID, seed: int
) -> Iterator[File]:
    """About `count` rows that count over twelve months of thirty days, by house."""
    dice = Random(f"{seed} {sheet}")
    whole = sum(house.weight for house in province.houses)
    for month in range(12):
        for house in province.houses:
            n = round(count * house.weight / whole / 12 + dice.random())
            yield _file(house, sheet, start + timedelta(days=30 * month), n, by, dice)


def _file(house: House, sheet: str, first: date, n: int, by: UUID, dice: Random) -> File:
    id_ = UUID(int=dice.getrandbits(128), version=4)
    say = delivery if sheet == "front_pages" else newborn
    rows = []
    for no in range(1, n + 1):
        key = sha256(f"{id_} {no}".encode()).hexdigest()
        day = first + timedelta(days=dice.randrange(30))
        said = [say(dice)]
        if dice.random() < CORRECTED:
            said.append(say(dice))
        for content in said:
            rows.append(
                f"{id_}\t{len(rows) + 1}\t{sheet}\t{house.id}\t\\\\x{key}\t{day}\t{content}\n"
            )
    added = first + timedelta(days=32)
    head = (
        f"{id_}\t{sheet}\t1\t{house.id}\t{first}.csv\t\\\\x{'00' * 32}\t{by}\t{added}"
        f"\t{len(rows)}\t{len(rows)}\t0\n"
    )
    return File(head, rows)


def _plain(said: dict[str, object]) -> str:
    return msgspec.json.encode({name: v for name, v in said.items() if v is not None}).decode()


def _known(dice: Random, share: float, value: object) -> object:
    return value if dice.random() < share else None


def delivery(dice: Random) -> str:
    """A front page; what is empty in a twentieth of them is not known."""
    mode = dice.choices(("vaginal", "caesarean", "converted"), (54, 40, 6))[0]
    loss = int(dice.lognormvariate(5.7, 0.6))
    return _plain(
        {
            "gestation_days": min(300, max(150, int(dice.gauss(273, 13)))),
            "mode": mode,
            "primiparous": dice.random() < 0.48,
            "neuraxial": _known(dice, 0.95, mode == "vaginal" and dice.random() < 0.6),
            "blood_loss_24h_ml": _known(dice, 0.95, loss),
            "red_cells_u": 2 if loss >= 1000 and dice.random() < 0.5 else 0,
            "hysterectomy": dice.random() < 0.0004,
            "reoperation": dice.random() < 0.0008,
            "died": dice.random() < 0.00012,
            "admission": dice.choices(("emergency", "outpatient", "transferred"), (30, 64, 6))[0],
        }
    )


def newborn(dice: Random) -> str:
    """A birth card."""
    days = min(300, max(150, int(dice.gauss(273, 13))))
    return _plain(
        {
            "gestation_days": days,
            "weight_g": max(400, int(dice.gauss(3200, 430))),
            "live_born": dice.random() < 0.995,
            "apgar5": _known(dice, 0.97, 5 if dice.random() < 0.008 else 9),
        }
    )


FILE_COLUMNS: Final = (
    "id", "number", "state", "version", "patient_id", "pregnancy_id", "colour", "purple", "reason",
    "facility_id", "region_id", "owner_id", "opened_at", "graded_at", "plan_no", "rules_version",
    "demo", "simulated", "ended_at",
)  # fmt: skip
REPORT_COLUMNS: Final = (
    "id", "case_id", "no", "state", "purple", "due_at", "started_at", "submitted_at",
    "rules_version",
)  # fmt: skip


@dataclass(slots=True)
class CaseFile:
    """A high-risk file, its report, its party, and the registration that it is about."""

    file: str
    report: str
    party: str
    woman: str
    grade: str


def case_files(
    province: Province, start: date, count: int, owner: UUID, seed: int
) -> Iterator[CaseFile]:
    """Files of orange and red women over the year."""
    dice = Random(f"{seed} files")
    weights = [house.weight for house in province.houses]
    for n in range(count):
        (house,) = dice.choices(province.houses, weights)
        opened = f"{start + timedelta(days=365 * n / count)} 03:00+00"
        id_ = UUID(int=dice.getrandbits(128), version=4)
        agreed = dice.random() < 0.7
        due = f"{start + timedelta(days=365 * n / count)} 15:00+00"
        took = f"{start + timedelta(days=365 * n / count)} {dice.randrange(4, 23):02}:00+00"
        colour = dice.choice(("orange", "red"))
        woman, grade = registration(id_, house, opened, colour, owner, dice)
        yield CaseFile(
            file=f"{id_}\tF{n}\t{'agreed' if agreed else 'opened'}\t1\t{id_}\t{id_}\t{colour}\tf"
            f"\tgrade\t{house.id}\t{house.region}\t{owner}\t{opened}\t{opened}"
            f"\t{1 if agreed else NULL}\tv1\tf\tf\t{NULL}\n",
            report=f"{UUID(int=dice.getrandbits(128), version=4)}\t{id_}\t1\tdue\tf\t{due}"
            f"\t{opened}\t{took}\tv1\n",
            party=f"{id_}\t{house.id}\t{house.region}\torigin\n",
            woman=woman,
            grade=grade,
        )
