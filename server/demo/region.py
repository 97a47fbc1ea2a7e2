"""The synthetic region as data: places, facilities, posts."""

import tomllib
from pathlib import Path

import msgspec

HERE = Path(__file__).parent


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One administrative region."""

    code: str
    name: str
    level: str
    parent: str | None = None


class Facility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One institution; `serves` are the regions it is the responsible centre of."""

    code: str
    name: str
    short_name: str
    tier: str
    region: str
    staff: str
    at: tuple[float, float]
    roles: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One post of a staff kind; with a `tier` it is on call.

    `later`: joined when the region had its people already, so nobody's name changed.
    """

    key: str
    title: str
    specialty: str
    roles: tuple[str, ...]
    tier: str | None = None
    later: bool = False


class Person(msgspec.Struct, frozen=True):
    """Somebody who does not exist."""

    login: str
    name: str
    phone: str
    facility: Facility
    post: Post


class _Places(msgspec.Struct, forbid_unknown_fields=True):
    regions: tuple[Region, ...]
    facilities: tuple[Facility, ...]


class _Staff(msgspec.Struct, forbid_unknown_fields=True):
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    staff: dict[str, tuple[Post, ...]]


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((HERE / name).read_text("utf-8"))


PLACES = msgspec.convert(_read("region.toml"), _Places)
STAFF = msgspec.convert(_read("staff.toml"), _Staff)


def synthetic_name(n: int) -> str:
    """The n-th made-up name; no two of the first 480 are alike."""
    return (
        STAFF.surnames[n % len(STAFF.surnames)] + STAFF.given[(n * 7 + n // 20) % len(STAFF.given)]
    )


def synthetic_phone(n: int) -> str:
    """The n-th telephone number of a range that is nobody's."""
    return f"199000{n:05d}"


def people() -> list[Person]:
    """All staff of the region, always the same."""
    found: list[Person] = []
    for later in (False, True):
        for facility in PLACES.facilities:
            for post in STAFF.staff[facility.staff]:
                if post.later is not later:
                    continue
                n = len(found)
                login = f"{facility.code.lower()}.{post.key}"
                found.append(
                    Person(login, synthetic_name(n), synthetic_phone(n + 1), facility, post)
                )
    return found
