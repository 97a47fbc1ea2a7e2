"""Commands: begin a form, state what is asked, hand it in, unlock it, take it back."""

from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain, parties
from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.parties import PartyRole
from kernel.viewer import CLINICAL_ROLES, Viewer
from quality.obligations.calendar import Period, period_of
from quality.returns import queries, store
from quality.returns.errors import (
    AnswerUnfit,
    FigureUnseen,
    FormUnknown,
    OwnHouseOnly,
    PeriodUnknown,
    ReturnIncomplete,
    ReturnMoved,
    ReturnTooEarly,
)
from quality.returns.forms import FORMS, Answer, Form, missing, wrong_with
from quality.returns.pulling import Puller
from quality.returns.schemas import (
    FormItem,
    MoveReturn,
    OpenReturn,
    ReopenReturn,
    StateAnswers,
    Statement,
)
from quality.returns.states import RETURN, ReturnAction, ReturnState
from quality.rulebook import versions
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date

AHEAD: Final = timedelta(days=62)
"""A plan is begun so long before its period, not earlier."""
BACK: Final = timedelta(days=800)

OPENED: Final = "return.opened"
STATED: Final = "return.stated"
SUBMITTED: Final = "return.submitted"
REOPENED: Final = "return.reopened"
WITHDRAWN: Final = "return.withdrawn"


async def open_return(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: OpenReturn
) -> UUID:
    """Begin a form for the viewer's house; one that stands already is given back.

    Raises:
        FormUnknown, PeriodUnknown: the order makes no sense.
        OwnHouseOnly: the viewer works in no house of the network.
    """
    shipped = FORMS.get(order.form)
    if shipped is None:
        raise FormUnknown(form=order.form)
    period = _period(shipped, order.period, clock)
    house = viewer.facility_id
    if house not in viewer.facility_ids:
        raise OwnHouseOnly()
    region = await facilities.region_of(session, house)
    # As with indicators: what counts on the period's last day, whenever it is filled in.
    form = (await versions.form_book(session, order.form)).at(region, period.last).content
    stands = await store.standing(session, form.code, house, period.first)
    if stands is not None:
        return stands
    id_ = new_id()
    await parties.add_facility(session, CaseId(id_), house, PartyRole.ORIGIN, region)
    values = {
        "id": id_,
        "form": form.code,
        "form_version": form.version,
        "facility_id": house,
        "region_id": region,
        "period": order.period,
        "first": period.first,
        "last": period.last,
        "many": form.many,
        "by": viewer.person_id,
        "at": clock.now(),
    }
    await store.insert(session, values)
    facts = {"form": form.code, "rules": form.version, "period": order.period}
    await chain.append(session, clock, CaseId(id_), OPENED, viewer=viewer, payload=facts)
    return id_


def _period(form: Form, code: str, clock: Clock) -> Period:
    today = local_date(clock.now())
    try:
        period = period_of(form.cadence, code)
    except ValueError as error:
        raise PeriodUnknown(period=code) from error
    if period.first > today + AHEAD or period.last < today - BACK:
        raise PeriodUnknown(period=code)
    return period


async def state_answers(
    session: AsyncSession, clock: Clock, viewer: Viewer, return_id: UUID, order: StateAnswers
) -> None:
    """State some items; each keeps its author, and what stood there before stays on record.

    Raises:
        NotFound, OwnHouseOnly, ReturnMoved: not the viewer's, or not to be changed now.
        AnswerUnfit: an answer does not fit its item.
    """
    row = await _held(session, viewer, return_id)
    to = _step(row, order.version, ReturnAction.STATE)
    form = await versions.form_called(session, row.form, row.form_version)
    for one in order.statements:
        said = _answer(form, one)
        await store.answer(session, row.id, one.item, said, viewer.person_id, clock.now())
    await store.move(session, row.id, to)
    facts: dict[str, object] = {
        "items": [one.item for one in order.statements],
        "sha256": sha256(msgspec.json.encode(order.statements)).hexdigest(),
    }
    await chain.append(session, clock, CaseId(row.id), STATED, viewer=viewer, payload=facts)


def _answer(form: Form, said: Statement) -> Answer:
    item = form.item(said.item)
    if item is None:
        raise AnswerUnfit(item=said.item, reason="item_unknown")
    rows = None
    if said.rows is not None:
        rows = [{one.column: one.value for one in row.cells} for row in said.rows]
    answer = Answer(
        text=said.text,
        rows=rows,
        points=said.points,
    )
    wrong = wrong_with(item, answer)
    if wrong is not None:
        raise AnswerUnfit(item=said.item, reason=wrong)
    return answer


async def submit(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    puller: Puller,
    return_id: UUID,
    order: MoveReturn,
) -> None:
    """Hand it in: figures are pulled once more and kept with what was stated; then it is locked.

    Raises:
        ReturnTooEarly: the period is not over.
        ReturnIncomplete: something that is asked is not stated.
        FigureUnseen: its figure is of a list that the viewer does not keep.
    """
    row = await _held(session, viewer, return_id)
    to = _step(row, order.version, ReturnAction.SUBMIT)
    form = await versions.form_called(session, row.form, row.form_version)
    if form.after_period and local_date(clock.now()) <= row.period_last:
        raise ReturnTooEarly(last=row.period_last.isoformat())
    given = await store.answers(session, row.id)
    gaps = missing(form, {code: store.answer_of(one) for code, one in given.items()})
    if gaps:
        raise ReturnIncomplete(items=[one.code for one in gaps], count=len(gaps))
    sections = await queries.sections_now(session, puller, row)
    unseen = [item.zh for one in sections for item in one.items if _unseen(form, item)]
    if unseen:
        raise FigureUnseen(items="、".join(unseen))
    content = msgspec.json.encode(sections, order="deterministic")
    mark, at = sha256(content), clock.now()
    await store.issue(session, row.id, content, mark.digest(), viewer.person_id, at)
    await store.move(session, row.id, to, viewer.person_id, at)
    facts = {"form": form.code, "rules": form.version, "sha256": mark.hexdigest()}
    await chain.append(session, clock, CaseId(row.id), SUBMITTED, viewer=viewer, payload=facts)


def _unseen(form: Form, shown: FormItem) -> bool:
    """The list of special population, to whoever does not keep it: not a figure to hand in."""
    item = form.item(shown.code)
    of_the_list = item is not None and (item.pulled or "").startswith("special:")
    return of_the_list and shown.pulled is not None and shown.pulled.kind == "closed"


async def reopen(
    session: AsyncSession, clock: Clock, viewer: Viewer, return_id: UUID, order: ReopenReturn
) -> None:
    """Unlock it, with the reason; what was handed in stays on record."""
    row = await _held(session, viewer, return_id)
    to = _step(row, order.version, ReturnAction.REOPEN)
    await store.unlock(session, row.id, order.reason, viewer.person_id, clock.now())
    await store.move(session, row.id, to)
    facts = {"sha256": sha256(order.reason.encode()).hexdigest()}
    await chain.append(session, clock, CaseId(row.id), REOPENED, viewer=viewer, payload=facts)


async def withdraw(
    session: AsyncSession, clock: Clock, viewer: Viewer, return_id: UUID, order: MoveReturn
) -> None:
    """Take back a draft that was begun by mistake."""
    row = await _held(session, viewer, return_id)
    to = _step(row, order.version, ReturnAction.WITHDRAW)
    await store.move(session, row.id, to)
    await chain.append(session, clock, CaseId(row.id), WITHDRAWN, viewer=viewer, payload={})


async def _held(session: AsyncSession, viewer: Viewer, return_id: UUID) -> Row[Any]:
    """The return, locked; who only oversees it may read it, and is told so."""
    if not fills_in(viewer, await store.seen(session, return_id)):
        raise OwnHouseOnly()
    return await store.locked(session, return_id)


def fills_in(viewer: Viewer, row: Row[Any]) -> bool:
    """Whether the viewer works in the house whose return it is."""
    return row.facility_id in viewer.facility_ids and viewer.has(*CLINICAL_ROLES)


def _step(row: Row[Any], version: int, action: ReturnAction) -> ReturnState:
    state = ReturnState(row.state)
    if action not in RETURN.actions(state) or row.version != version:
        raise ReturnMoved(state=row.state, action=str(action))
    return RETURN.edge(state, action).to
