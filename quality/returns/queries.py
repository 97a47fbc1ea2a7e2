"""Reads of returns, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.confidence import unverified
from kernel.viewer import CLINICAL_ROLES, Viewer
from quality.names import Names, read_names
from quality.obligations.calendar import Calendar, Period
from quality.obligations.owed import due_on
from quality.returns import store
from quality.returns.forms import FORMS, Answer, Form, Item, claimed, missing
from quality.returns.pulling import Puller
from quality.returns.schemas import (
    FormColumn,
    FormItem,
    FormOut,
    FormSection,
    IssueOut,
    Pulled,
    ReturnDetail,
    ReturnOut,
    Stated,
)
from quality.returns.states import RETURN, ReturnState, Side
from quality.rulebook import versions
from quality.rulebook.kinds import form_kind
from quality.rulebook.versions import Rulebook
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date

A_YEAR: Final = timedelta(days=366)
"""No due day lies further from its period."""


async def forms(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[FormOut]:
    """Every form as it counts today where the viewer works, with where it comes from."""
    region, today = await _region(session, viewer), local_date(clock.now())
    books = await versions.books(session, [form_kind(code) for code in FORMS])
    return [form_out(book.at(region, today).content) for book in books.values()]


async def _region(session: AsyncSession, viewer: Viewer) -> UUID | None:
    """Of the viewer's house, or the one that they oversee."""
    overseen = next(iter(sorted(viewer.region_ids)), None)
    if overseen is not None or viewer.facility_id is None:
        return overseen
    return await facilities.region_of(session, viewer.facility_id)


def form_out(form: Form) -> FormOut:
    """A form as the API shows it."""
    return FormOut(
        code=form.code,
        version=form.version,
        zh=form.zh,
        en=form.en,
        annex=form.annex,
        cadence=form.cadence.value,
        many=form.many,
        after_period=form.after_period,
        source=form.source,
        to_be_verified=unverified(form.confidence),
        points_to_be_verified=unverified(form.points_confidence),
        most_points=form.most_points,
        signatures=form.signatures,
    )


async def returns(
    session: AsyncSession, viewer: Viewer, form: str | None, facility_id: UUID | None
) -> list[ReturnOut]:
    """Returns open to the viewer, the newest period first."""
    rows = await store.listed(session, form, facility_id)
    names = await _names(session, rows)
    calendars = await versions.calendars(session)
    return [_out(viewer, one, names, calendars) for one in rows]


async def one(session: AsyncSession, puller: Puller, return_id: UUID) -> ReturnDetail:
    """A return with its form, or `NotFound`: live figures in a draft, else as handed in."""
    row = await store.seen(session, return_id)
    form = await versions.form_called(session, row.form, row.form_version)
    live = row.state != ReturnState.SUBMITTED
    issued = await store.issues(session, row.id)
    given = await store.answers(session, row.id)
    answers = {code: store.answer_of(one) for code, one in given.items()}
    names = await _names(session, [row], [one.person_id for one in issued])
    if live:
        sections = await sections_now(session, puller, row)
    else:
        content, _ = await store.latest(session, row.id)
        sections = msgspec.json.decode(content, type=list[FormSection])
    return ReturnDetail(
        quality_return=_out(puller.viewer, row, names, await versions.calendars(session)),
        form=form_out(form),
        sections=sections,
        claimed_points=claimed(form, answers),
        missing=[one.code for one in missing(form, answers)] if live else [],
        issues=[
            IssueOut(
                n=one.n,
                by=names.person(one.person_id),
                at=one.at,
                sha256=bytes(one.sha256).hex(),
                reason=one.reason,
            )
            for one in issued
        ],
        live=live,
    )


async def sections_now(session: AsyncSession, puller: Puller, row: Row[Any]) -> list[FormSection]:
    """The form with figures as they are now and what was stated last."""
    form = await versions.form_called(session, row.form, row.form_version)
    period = Period(row.period_first, row.period_last)
    given = await store.answers(session, row.id)
    names = await read_names(session, person_ids=[one.person_id for one in given.values()])
    found = []
    for section in form.sections:
        items = []
        for item in section.items:
            pulled = None
            if item.pulled is not None:
                pulled = await puller.pull(session, item.pulled, row.facility_id, period)
            items.append(_item(item, pulled, given.get(item.code), names))
        found.append(FormSection(section.zh, section.en, items))
    return found


def _item(item: Item, pulled: Pulled | None, given: Row[Any] | None, names: Names) -> FormItem:
    stated = None
    if given is not None:
        said: Answer = store.answer_of(given)
        stated = Stated(
            text=said.text,
            rows=said.rows,
            points=said.points,
            by=names.person(given.person_id),
            at=given.at,
        )
    return FormItem(
        code=item.code,
        zh=item.zh,
        en=item.en,
        ask=item.ask,
        required=item.required,
        points=item.points,
        columns=[FormColumn(one.code, one.zh, one.en) for one in item.columns],
        source=item.source,
        confidence=item.confidence,
        to_be_verified=item.to_be_verified,
        pulled=pulled,
        stated=stated,
    )


async def _names(
    session: AsyncSession, rows: Sequence[Row[Any]], people: Sequence[UUID] = ()
) -> Names:
    known = [id_ for one in rows for id_ in (one.opened_by, one.submitted_by)]
    return await read_names(
        session, person_ids=[*known, *people], facility_ids=[one.facility_id for one in rows]
    )


def _out(viewer: Viewer, row: Row[Any], names: Names, calendars: Rulebook[Calendar]) -> ReturnOut:
    mine = row.facility_id in viewer.facility_ids and viewer.has(*CLINICAL_ROLES)
    period = Period(row.period_first, row.period_last)
    spans = calendars.spans(row.region_id, period.first - A_YEAR, period.last + A_YEAR)
    allowed = RETURN.actions(ReturnState(row.state), Side.HOUSE) if mine else []
    return ReturnOut(
        id=row.id,
        form=row.form,
        facility=names.place(row.facility_id),
        period=row.period,
        first_day=row.period_first,
        last_day=row.period_last,
        due_on=due_on(spans, row.form, period),
        state=row.state,
        opened_by=names.person(row.opened_by),
        opened_at=row.opened_at,
        submitted_by=names.person(row.submitted_by),
        submitted_at=row.submitted_at,
        version=row.version,
        mine=mine,
        allowed=[str(one) for one in allowed],
    )
