"""Reads: the whole handbook, for people."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Role, Viewer
from quality.handbook import versions
from quality.handbook.schemas import DefinitionVersion, Handbook, VerificationOut
from quality.handbook.service import may_verify
from quality.handbook.showing import definition_out
from quality.names import read_names
from quality.second_person import may_withdraw


async def handbook(session: AsyncSession, viewer: Viewer, today: date) -> Handbook:
    """Every version, with who entered and who verified it."""
    every = await versions.every(session)
    counting = {one.id for one in versions.in_force(every, today).values()}
    people = [one.added_by for one in every]
    people += [one.verification.person_id for one in every if one.verification]
    names = await read_names(session, person_ids=people)
    return Handbook(
        may_enter=viewer.has(Role.SYSTEM_ADMIN),
        versions=[
            DefinitionVersion(
                id=one.id,
                origin=one.origin,
                definition=definition_out(one),
                counts=one.id in counting,
                added_by=names.person(one.added_by),
                added_at=one.added_at,
                verification=None
                if one.verification is None
                else VerificationOut(
                    names.person(one.verification.person_id),
                    one.verification.at,
                    one.verification.document,
                ),
                may_verify=may_verify(viewer, one),
                waits=one.waits,
                withdrawn=one.withdrawn_by is not None,
                may_withdraw=may_withdraw(viewer, one),
            )
            for one in every
        ],
    )
