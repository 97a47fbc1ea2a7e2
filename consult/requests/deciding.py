"""The treating house's decision: its own signed record, beside the advice and never part of it."""

import json
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import rights, store
from consult.requests.schemas import Decide
from consult.requests.states import ConsultAction
from consult.requests.telling import tell_her_case, tell_invited
from duty.escalation import service as duty
from kernel import chain
from kernel.chain import canonical
from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer

DECIDED = "consult.decided"

_ADVICE = text(
    "SELECT id, encode(digest, 'hex') AS sha256 FROM advice"
    " WHERE case_id IN (:id, CAST(:of_case AS uuid)) AND state = 'signed' AND signed_at >= :since"
    " ORDER BY signed_at, id"
)
_DECIDE = text(
    "INSERT INTO consult_decision"
    " (id, request_id, n, author_id, facility_id, content, signed_at, digest)"
    " SELECT :id, :request_id, coalesce(max(n), 0) + 1, :by, :facility_id,"
    "        CAST(:content AS jsonb), :at, :digest"
    "   FROM consult_decision WHERE request_id = :request_id RETURNING n"
)


async def decide(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: Decide
) -> None:
    """Sign what the treating house makes of the advice. The password was checked.

    What is signed names the advice that was there, by id and hash: later advice asks for another
    decision, which is added and replaces none.

    Raises:
        NotFound: unknown or foreign.
        AskingHouseOnly: the viewer does not work at the treating house.
        ConsultMoved: not concluded, or changed since the viewer looked.
    """
    row = await store.locked(session, request_id)
    rights.must_ask(viewer, row)
    to = store.must_be_fresh(row, order.version, ConsultAction.DECIDE)
    at, body = clock.now(), msgspec.to_builtins(order.decision)
    values = {"id": row.id, "of_case": row.of_case_id, "since": row.asked_at}
    advice = (await session.execute(_ADVICE, values)).all()
    signed = {
        "consult_id": row.id,
        "author_id": viewer.person_id,
        "facility_id": row.facility_id,
        "advice": [{"id": one.id, "sha256": one.sha256} for one in advice],
        "signed_at": at,
        "decision": body,
    }
    digest = sha256(canonical.encode(signed)).digest()
    written = {
        "id": new_id(),
        "request_id": row.id,
        "by": viewer.person_id,
        "facility_id": row.facility_id,
        "content": json.dumps(body),
        "at": at,
        "digest": digest,
    }
    n = (await session.execute(_DECIDE, written)).scalar_one()
    await store.move(session, row, to, ConsultAction.DECIDE, at, viewer, {"next_at": None})
    facts: dict[str, object] = {
        "n": n,
        "sha256": digest.hex(),
        "adoption": order.decision.adoption,
        "advice": len(advice),
    }
    await chain.append(session, clock, CaseId(row.id), DECIDED, viewer=viewer, payload=facts)
    await tell_her_case(session, clock, viewer, row, DECIDED, facts)
    await duty.stop(session, clock, CaseId(row.id), None, "consult_decided")
    await tell_invited(session, clock, row, DECIDED)
