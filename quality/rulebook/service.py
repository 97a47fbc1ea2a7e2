"""Commands: enter a region's version, verify another's, take one's own back before that."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.viewer import Role, Viewer
from quality.frozen import periods
from quality.rulebook import versions
from quality.rulebook.comparing import changes
from quality.rulebook.errors import RulesMoved
from quality.rulebook.kinds import KINDS
from quality.rulebook.schemas import EnterRules, RulePreview, RuleVersionMade
from quality.rulebook.versions import Span, Version
from quality.second_person import check_withdrawal, is_another

# One at a time writes: the second reads what the first wrote.
_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('rules of regions', 0))")
_NUMBERED = text(
    "SELECT g.code, (SELECT count(*) FROM rule_version v"
    "                 WHERE v.kind = :kind AND v.region_id = g.id) + 1 AS n"
    "  FROM region g WHERE g.id = :region"
)


async def preview(session: AsyncSession, wanted: EnterRules) -> RulePreview:
    """What a version would change; nothing is written.

    Raises:
        NotAllowed, RulesMoved, BadInput: as `enter`.
    """
    content, before = await _read(session, wanted)
    return RulePreview(
        before.label, changes(versions.plain(before.content), versions.plain(content))
    )


async def enter(session: AsyncSession, viewer: Viewer, wanted: EnterRules) -> RuleVersionMade:
    """Add a region's version; it counts from its first day once another person has compared it.

    Raises:
        NotAllowed: the region is not the viewer's to oversee.
        RulesMoved: another version than `replaces` counts there.
        BadInput: the content makes no sense.
    """
    await session.execute(_QUEUE)
    content, _ = await _read(session, wanted)
    made = await versions.install(
        session,
        wanted.kind,
        content,
        region_id=wanted.region_id,
        valid_from=wanted.valid_from,
        valid_to=wanted.valid_to,
        source=wanted.source,
        added_by=viewer.person_id,
    )
    assert made is not None  # noqa: S101  (the queue above: nobody else takes the label)
    return RuleVersionMade(made, content.version)


async def _read(session: AsyncSession, wanted: EnterRules) -> tuple[Any, Span[Any]]:
    """The content, and what counts there on its first day."""
    if wanted.region_id not in {id_ for id_, _ in await periods.overseen(session)}:
        raise NotAllowed(reason="rules_of_own_region")
    kind = KINDS.get(wanted.kind)
    if kind is None:
        raise BadInput(field="kind", reason="没有这种规则 / no such rules")
    if wanted.valid_to is not None and wanted.valid_to <= wanted.valid_from:
        raise BadInput(field="valid_to", reason="须晚于启用日期 / it ends after its first day")
    before = (await versions.book(session, wanted.kind)).at(wanted.region_id, wanted.valid_from)
    if before.label != wanted.replaces:
        raise RulesMoved(label=before.label)
    named = {"kind": wanted.kind, "region": wanted.region_id}
    row = (await session.execute(_NUMBERED, named)).one()
    said = {**wanted.content, "version": f"{row.code}-{row.n}"}
    if "valid_from" in kind.type.__struct_fields__:
        said["valid_from"] = wanted.valid_from.isoformat()
    try:
        content = kind.read(said)
    except ValueError as error:
        raise BadInput(field="content", reason=str(error)) from error
    if (getattr(content, "code", None)) != getattr(kind.shipped, "code", None):
        raise BadInput(field="content.code", reason="不是这张表 / it is another form")
    return content, before


async def verify(session: AsyncSession, viewer: Viewer, version_id: UUID, document: str) -> None:
    """Say that another person's version was compared with the document; from now on it counts.

    Raises:
        NotFound: there is no such version.
        NotAllowed: the viewer entered it, does not oversee its region, or it is decided already.
    """
    await session.execute(_QUEUE)
    found = await _found(session, version_id)
    if not may_verify(viewer, found, {id_ for id_, _ in await periods.overseen(session)}):
        raise NotAllowed(reason="rules_by_another")
    await versions.verify(session, version_id, person_id=viewer.person_id, document=document)


async def withdraw(session: AsyncSession, viewer: Viewer, version_id: UUID) -> None:
    """Take back a version that nobody has verified yet; it stays on record and never counts.

    Raises:
        NotFound: there is no such version.
        NotAllowed: somebody else entered it, or it is decided already.
    """
    await session.execute(_QUEUE)
    check_withdrawal(viewer, await _found(session, version_id))
    await versions.withdraw(session, version_id, person_id=viewer.person_id)


def may_verify(viewer: Viewer, version: Version[Any], overseen: set[UUID]) -> bool:
    """Somebody else who oversees the region, or an administrator of the installation."""
    able = version.region_id in overseen or viewer.has(Role.SYSTEM_ADMIN)
    return version.waits and able and is_another(viewer, version)


async def _found(session: AsyncSession, version_id: UUID) -> Version[Any]:
    found = await versions.one(session, version_id)
    if found is None:
        raise NotFound()
    return found
