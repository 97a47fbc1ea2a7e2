"""Commands: enter a version of a definition, verify another's, take one's own back before that."""

from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.viewer import Role, Viewer
from quality.definitions import Definition, Texts
from quality.errors import DefinitionMoved
from quality.handbook import versions
from quality.handbook.schemas import DefinitionIn, Said, VersionMade
from quality.handbook.versions import Version
from quality.second_person import check_withdrawal, is_another
from referral.clocks.data import Target, Text

# One at a time adds to the handbook: the second reads what the first wrote.
_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('indicator handbook', 0))")

ORDER_OF_NEW = 900
"""New codes stand after those of the release, by their national number."""


async def enter(
    session: AsyncSession, viewer: Viewer, given: DefinitionIn, today: date
) -> VersionMade:
    """Add a version; it shows as 待核实, and counts from its first day once it is verified.

    Raises:
        NotAllowed: the viewer is no administrator of the installation.
        DefinitionMoved: another version than `replaces` counts now.
        BadInput: the definition makes no sense.
    """
    if not viewer.has(Role.SYSTEM_ADMIN):
        raise NotAllowed(reason="administrator_needed")
    await session.execute(_QUEUE)
    known = [one for one in await versions.every(session) if one.definition.code == given.code]
    now = _newest(known, today)
    if (None if now is None else now.id) != given.replaces:
        raise DefinitionMoved(code=given.code)
    number = max((one.definition.version for one in known), default=0) + 1
    definition = _definition(given, number, now)
    made = await versions.install(session, definition, added_by=viewer.person_id)
    assert made is not None  # noqa: S101  (the queue above: nobody else takes the number)
    return VersionMade(made, number)


def _newest(known: list[Version], today: date) -> Version | None:
    """What counts today; where nothing does, what was added last and not taken back."""
    counting = versions.in_force(known, today)
    found = next(iter(counting.values()), None)
    left = [one for one in known if one.withdrawn_by is None]
    return found or max(left, key=lambda one: one.added_at, default=None)


def _definition(given: DefinitionIn, number: int, now: Version | None) -> Definition:
    order = ORDER_OF_NEW + (given.national_no or 0) if now is None else now.definition.order
    aim = given.aim
    said = msgspec.structs.asdict(given)
    for name in ("replaces", "exclusions", "aim"):
        del said[name]
    for name in ("name", "definition", "population", "numerator", "denominator"):
        said[name] = _both(said[name])
    try:
        # Once more through the reader of the files: the same rules for both.
        definition = Definition(
            **said,
            version=number,
            order=order,
            confidence="S",
            exclusions=Texts(
                [one.zh for one in given.exclusions], [one.en for one in given.exclusions]
            ),
            aim=None if aim is None else Target("S", given.source, aim.zh, aim.en),
        )
        return msgspec.convert(msgspec.to_builtins(definition), Definition)
    except (ValueError, msgspec.ValidationError) as error:
        raise BadInput(field="definition", reason=str(error)) from error


def _both(said: Said | None) -> Text | None:
    return None if said is None else Text(said.zh, said.en)


async def verify(session: AsyncSession, viewer: Viewer, version_id: UUID, document: str) -> None:
    """Record that a version was compared with the official text; a second time changes nothing.

    Raises:
        NotFound: there is no such version.
        NotAllowed: the viewer entered it, or neither administers nor oversees.
    """
    await session.execute(_QUEUE)
    found = await _found(session, version_id)
    if not may_verify(viewer, found):
        raise NotAllowed(reason="another_person_verifies")
    await versions.verify(session, version_id, person_id=viewer.person_id, document=document)


def may_verify(viewer: Viewer, version: Version) -> bool:
    """Whoever entered a version is not who verifies it."""
    oversees = viewer.has(Role.SYSTEM_ADMIN, Role.COMMISSION)
    decided = version.verification is not None or version.withdrawn_by is not None
    return oversees and not decided and is_another(viewer, version)


async def withdraw(session: AsyncSession, viewer: Viewer, version_id: UUID) -> None:
    """Take back a version that nobody has verified yet; it stays on record and never counts.

    Raises:
        NotFound: there is no such version.
        NotAllowed: somebody else entered it, or it is decided already.
    """
    await session.execute(_QUEUE)
    check_withdrawal(viewer, await _found(session, version_id))
    await versions.withdraw(session, version_id, person_id=viewer.person_id)


async def _found(session: AsyncSession, version_id: UUID) -> Version:
    found = next((one for one in await versions.every(session) if one.id == version_id), None)
    if found is None:
        raise NotFound()
    return found
