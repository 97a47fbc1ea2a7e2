"""Answers anybody who holds a paper: is it genuine, is it sealed in the log, has the case moved on.

Says nothing about whose it is. The database gives out no more than one row per code, and Python
adds the proof that the paper's event stands in the signed log.
"""

from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.proof import prove_leaf
from referral.paper.codes import read_code

_ASK = text("SELECT * FROM verify_document(:code)")

Verdict = Literal["genuine", "unknown", "mistyped", "broken"]


class Verification(msgspec.Struct, kw_only=True):
    """What may be said to anybody.

    Attributes:
        verdict: `broken` means that the platform's own record does not fit together.
        chain: `proved` stands in the signed log; `waiting` is too new for the next signature.
        pdf_sha256: to compare a file with, on the reader's own machine.
    """

    verdict: Verdict
    kind: str | None = None
    issued_at: datetime | None = None
    facility: str | None = None
    drill: bool = False
    demo: bool = False
    voided: bool = False
    moved_on: bool | None = None
    chain: Literal["proved", "waiting", "broken"] | None = None
    pdf_sha256: str | None = None


async def verify(session: AsyncSession, typed: str) -> Verification:
    """Look a code up, as somebody typed or scanned it."""
    code = read_code(typed)
    if code is None:
        return Verification(verdict="mistyped")
    row = (await session.execute(_ASK, {"code": code})).one_or_none()
    if row is None:
        return Verification(verdict="unknown")
    chain = await _chain(session, row.intact, row.leaf_no, row.event_hash)
    return Verification(
        verdict="broken" if chain == "broken" else "genuine",
        kind=row.kind,
        issued_at=row.issued_at,
        facility=row.facility,
        drill=row.drill,
        demo=row.demo,
        voided=row.voided,
        moved_on=row.moved_on,
        chain=chain,
        pdf_sha256=bytes(row.pdf_hash).hex(),
    )


async def _chain(
    session: AsyncSession, intact: bool, leaf_no: int | None, event_hash: bytes
) -> Literal["proved", "waiting", "broken"]:
    if not intact:
        return "broken"
    if leaf_no is None:
        return "waiting"
    proof = await prove_leaf(session, leaf_no)
    if proof is None:
        return "waiting"
    return "proved" if proof.holds_for(bytes(event_hash)) else "broken"
