"""Advice: drafted, signed, locked, read back, executed or explained."""

import asyncio
from functools import partial
from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consult import service, signing
from consult.commands import NewAdvice, NewOrder, ReportOrder
from consult.errors import (
    AddendumElsewhere,
    BedsideReports,
    ExpertWrites,
    NotSigned,
    NotTheAuthor,
    ReasonNeeded,
)
from consult.queries import advice_of_case
from consult.readmodel import Advice
from consult.repository import AdviceRepository
from kernel.errors import IllegalTransition, NotFound
from kernel.ids import CaseId, new_id
from server.tracings import RecordedTracings
from tests.referral.network import Network

WRITE = partial(service.write_advice, tracings=RecordedTracings())
ADVICE = NewAdvice(
    text="考虑宫缩乏力性产后出血",
    orders=[NewOrder(text="卡前列素 250 µg 肌注"), NewOrder(text="氨甲环酸 1 g 静滴")],
)


async def _write(net: Network, who: str, case: UUID, order: NewAdvice = ADVICE) -> UUID:
    return UUID(str(await net.do(who, WRITE, case, order)))


async def _sign(net: Network, who: str, advice: UUID) -> None:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        await signing.sign_advice(session, net.clock, viewer, advice, 1)


async def _report(net: Network, who: str, advice: UUID, n: int, order: ReportOrder) -> None:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        await service.report_order(session, net.clock, viewer, advice, n, order)


async def _see(net: Network, who: str, case: UUID) -> list[Advice]:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await advice_of_case(session, viewer, case)


async def _signed(net: Network) -> tuple[CaseId, UUID]:
    case = await net.sent(net.places["city"])
    advice = await _write(net, "city_expert", case)
    await _sign(net, "city_expert", advice)
    return case, advice


async def test_a_draft_is_its_authors_alone(net: Network) -> None:
    case = await net.sent(net.places["city"])
    advice = await _write(net, "city_expert", case)
    assert [(a.id, a.state, a.may_sign) for a in await _see(net, "city_expert", case)] == [
        (advice, "draft", True)
    ]
    for who in ("city_second", "county_doctor"):
        assert await _see(net, who, case) == []
        with pytest.raises(NotFound):
            await _sign(net, who, advice)
    assert "advice.signed" not in await net.kinds(case)


async def test_signed_advice_is_hashed_onto_the_chain_and_locked(net: Network) -> None:
    case, advice = await _signed(net)
    seen = (await _see(net, "county_doctor", case))[0]
    assert (seen.state, seen.text, seen.may_sign) == ("signed", ADVICE.text, False)
    event = next(e for e in await net.events(case) if e.row.kind == "advice.signed")
    assert event.payload["sha256"] == seen.digest
    viewer = net.staff["city_expert"]
    async with net.clone.app.session(viewer) as session:
        repository = AdviceRepository(session, viewer)
        row = await repository.get(advice)
        content = (await repository.contents([row]))[advice].content
        assert sha256(signing.canonical_text(row, content)).hexdigest() == seen.digest
    assert "卡前列素" not in str(event.payload)
    with pytest.raises(IllegalTransition):
        await _sign(net, "city_expert", advice)
    with pytest.raises(NotTheAuthor):
        await _sign(net, "city_second", advice)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with net.clone.app.session(viewer) as session:
            await session.execute(
                text("UPDATE advice_revision SET content = '{}' WHERE advice_id = :id"),
                {"id": advice},
            )
    with pytest.raises(DBAPIError, match="signed advice is not changed"):
        async with net.clone.app.session(viewer) as session:
            await session.execute(
                text("UPDATE advice SET signed_at = now() WHERE id = :id"), {"id": advice}
            )


async def test_two_signatures_at_once_are_one(net: Network) -> None:
    case = await net.sent(net.places["city"])
    advice = await _write(net, "city_expert", case)
    answers = await asyncio.gather(
        *(_sign(net, "city_expert", advice) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == [
        "IllegalTransition",
        "IllegalTransition",
        "NoneType",
    ]
    assert (await net.kinds(case)).count("advice.signed") == 1


async def test_a_correction_is_an_addendum(net: Network) -> None:
    case, advice = await _signed(net)
    order = NewAdvice(text="更正：卡前列素每 15 分钟可重复", addendum_to=advice)
    await _sign(net, "city_expert", await _write(net, "city_expert", case, order))
    seen = await _see(net, "county_doctor", case)
    assert [a.addendum_to for a in seen] == [None, advice]
    with pytest.raises(AddendumElsewhere):
        other = NewAdvice(text="x", addendum_to=new_id())
        await _write(net, "city_expert", case, other)


async def test_orders_are_read_back_executed_or_explained(net: Network) -> None:
    case, advice = await _signed(net)
    await _report(net, "county_doctor", advice, 1, ReportOrder(state="read_back"))
    net.wait(minutes=2)
    await _report(net, "county_doctor", advice, 1, ReportOrder(state="executed"))
    with pytest.raises(ReasonNeeded):
        await _report(net, "county_doctor", advice, 2, ReportOrder(state="not_executed"))
    with pytest.raises(ReasonNeeded):
        vague = ReportOrder(state="not_executed", code="other")
        await _report(net, "county_doctor", advice, 2, vague)
    because = ReportOrder(state="not_executed", code="not_available", reason="本院无该药")
    await _report(net, "county_doctor", advice, 2, because)
    orders = (await _see(net, "city_expert", case))[0].orders
    assert [(o.state, o.code, o.reason) for o in orders] == [
        ("executed", None, None),
        ("not_executed", "not_available", "本院无该药"),
    ]
    assert orders[0].by is not None
    assert orders[0].by.id == net.staff["county_doctor"].person_id
    outcomes = [e.payload for e in await net.events(case) if e.row.kind == "order.outcome"]
    assert [(o["n"], o["state"], o.get("code")) for o in outcomes] == [
        (1, "read_back", None),
        (1, "executed", None),
        (2, "not_executed", "not_available"),
    ]
    with pytest.raises(IllegalTransition):
        await _report(net, "county_doctor", advice, 1, ReportOrder(state="read_back"))
    with pytest.raises(BedsideReports):
        await _report(net, "city_expert", advice, 1, ReportOrder(state="executed"))
    with pytest.raises(NotFound):
        await _report(net, "county_doctor", advice, 3, ReportOrder(state="executed"))


async def test_orders_of_a_draft_do_not_count(net: Network) -> None:
    case = await net.sent(net.places["city"])
    advice = await _write(net, "city_expert", case)
    with pytest.raises(NotSigned):
        await _report(net, "city_expert", advice, 1, ReportOrder(state="executed"))


async def test_one_guidance_session_per_case_and_centre(net: Network) -> None:
    case = await net.sent(net.places["city"], net.places["province"])
    for who in ("city_expert", "city_second", "province_expert"):
        await _sign(net, who, await _write(net, who, case))
    counted = [e.payload for e in await net.events(case) if e.row.kind == "guidance.session"]
    assert [c["centre_facility"] for c in counted] == [
        str(net.places["city"]),
        str(net.places["province"]),
    ]
    assert {c["institution_facility"] for c in counted} == {str(net.places["county"])}
    # A hospital's own expert advising at home is no remote guidance.
    own = await net.sent(net.places["city"])
    await _sign(net, "county_expert", await _write(net, "county_expert", own))
    assert "guidance.session" not in await net.kinds(own)


async def test_strangers_find_nothing_and_only_experts_write(net: Network) -> None:
    case, advice = await _signed(net)
    for who in ("outsider", "commission"):
        with pytest.raises(NotFound):
            await _see(net, who, case)
        with pytest.raises(NotFound):
            await _write(net, who, case)
        with pytest.raises(NotFound):
            await _report(net, who, advice, 1, ReportOrder(state="executed"))
        async with net.clone.app.session(net.staff[who]) as session:
            for table in ("advice", "advice_order", "order_outcome"):
                rows = await session.execute(text(f"SELECT count(*) FROM {table}"))
                assert rows.scalar_one() == 0, (who, table)
    with pytest.raises(ExpertWrites):
        await _write(net, "county_doctor", case)
