"""Consultations by telephone: typed by a person, late or not, corrected, seen by nobody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from consult.requests.errors import InvitedOnly
from consult.telephone import queries, service
from consult.telephone.errors import CallCalledOff, CallNotYours, NotYetCalled
from consult.telephone.rules import LATE
from consult.telephone.schemas import ConsultCall, RecordCall
from kernel.errors import BadInput, NotFound
from tests.consult.requests.table import Table
from tests.referral.network import SEALER, SEEDER, Network

DOCTOR, EXPERT = "county_doctor", "city_expert"


@pytest.fixture
def table(net: Network) -> Table:
    """The network's table."""
    return Table(net)


def _call(net: Network, ago_min: int = 12, **more: Any) -> RecordCall:
    call = RecordCall(
        called_at=net.clock.now() - timedelta(minutes=ago_min),
        minutes=10,
        number="199000 0503 转 2",
        spoke_with="卓雨棠 主任",
        why="no_network",
        told="G1P0，38 周，反复晚期减速",
        advised="左侧卧、停缩宫素，准备剖宫产",
        read_back=True,
    )
    return msgspec.structs.replace(call, **more) if more else call


async def _record(net: Network, who: str, consult: UUID, call: RecordCall) -> list[ConsultCall]:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        await service.record(session, net.clock, viewer, SEALER, consult, call)
        return (await queries.of_consult(session, viewer, SEALER, consult)).calls


async def test_what_was_typed_is_there_with_both_times(table: Table, net: Network) -> None:
    consult = await table.ask()  # nobody has answered: they telephoned
    (one,) = await _record(net, DOCTOR, consult, _call(net))
    assert (one.number, one.spoke_with, one.read_back) == ("199000 0503 转 2", "卓雨棠 主任", True)
    assert (one.recorded_at - one.called_at, one.late) == (timedelta(minutes=12), False)
    (_, late) = await _record(net, EXPERT, consult, _call(net, 10 + LATE.minutes + 1))
    assert (late.n, late.late, late.mine) == (2, True, True)
    assert (await table.kinds(consult)).count("consult.telephoned") == 2
    async with net.clone.system.session(SEEDER) as session:
        sealed = await session.execute(text("SELECT number_sealed FROM consult_call"))
        assert all(b"199000" not in bytes(row[0]) for row in sealed)
        happened = await session.execute(
            text(
                "SELECT occurred_at FROM case_event WHERE case_id = :id"
                " AND kind = 'consult.telephoned' ORDER BY seq"
            ),
            {"id": consult},
        )
        assert happened.all()[1][0] == late.called_at


async def test_one_corrects_ones_own_once(table: Table, net: Network) -> None:
    consult = await table.ask()
    await _record(net, DOCTOR, consult, _call(net))
    with pytest.raises(CallNotYours):
        await _record(net, EXPERT, consult, _call(net, corrects=1))
    first, second = await _record(net, DOCTOR, consult, _call(net, advised="转诊", corrects=1))
    assert (first.corrected_by, second.corrects, second.advised) == (2, 1, "转诊")
    with pytest.raises(CallNotYours):
        await _record(net, DOCTOR, consult, _call(net, corrects=1))
    async with net.clone.app.session(net.staff[DOCTOR]) as session:
        with pytest.raises(ProgrammingError):
            await session.execute(text("UPDATE consult_call SET advised = 'x'"))


@pytest.mark.parametrize(("ago_min", "reason"), [(-1, "future"), (25 * 60, "before_asked")])
async def test_a_call_has_a_possible_time(
    table: Table, net: Network, ago_min: int, reason: str
) -> None:
    with pytest.raises(NotYetCalled) as refused:
        await _record(net, DOCTOR, await table.ask(), _call(net, ago_min))
    assert refused.value.fields == {"reason": reason}


async def test_a_record_says_something(table: Table, net: Network) -> None:
    with pytest.raises(BadInput):
        await _record(net, DOCTOR, await table.ask(), _call(net, advised=" "))


async def test_only_both_sides_and_not_when_called_off(table: Table, net: Network) -> None:
    consult = await table.ask()
    with pytest.raises(NotFound):
        await _record(net, "outsider", consult, _call(net))
    await table.answer(EXPERT, consult, "decline", why="busy")
    with pytest.raises(InvitedOnly):
        await _record(net, EXPERT, consult, _call(net))
    await table.step(DOCTOR, consult, "cancel", note="不需要")
    with pytest.raises(CallCalledOff):
        await _record(net, DOCTOR, consult, _call(net))
