"""Foreign cases do not exist, for any command and any reader."""

from typing import Any

import pytest
from sqlalchemy import text

from kernel.errors import NotFound, Refusal
from kernel.ids import new_id
from referral.commands import on_case, on_hold, on_leg, on_offer
from referral.commands.on_case import Commit
from referral.commands.on_offer import Accept
from referral.queries.board import board
from referral.service import accept, answer, ask, commit, complete, finish, guide, hold
from tests.referral.network import SEALER, Network

TABLES = (
    "referral",
    "offer",
    "leg",
    "hold",
    "referral_snapshot",
    "referral_record",
    "referral_note",
    "offer_question",
    "handover_signature",
)

COMMANDS: list[tuple[str, Any, Any, dict[str, object]]] = [
    ("case", commit.take_up, on_case.Commit, {"offer_id": new_id()}),
    ("case", finish.cancel, on_case.Cancel, {"code": "other"}),
    ("case", finish.die, on_case.Die, {"place": "x", "certifier": "x"}),
    ("case", guide.review_guidance, on_case.ReviewGuidance, {"note": "x"}),
    ("case", ask.add_offer, on_case.AddOffer, {"facility_id": new_id()}),
    ("case", complete.complete_record, on_case.CompleteRecord, {"hb_g_per_l": 60}),
    ("offer", accept.accept, on_offer.Accept, {"bed": "1"}),
    ("offer", answer.acknowledge, on_offer.Acknowledge, {}),
    ("offer", answer.ask, on_offer.Ask, {"question": "?"}),
    ("hold", hold.use, on_hold.Use, {}),
]


async def _full(net: Network):  # type: ignore[no-untyped-def]
    case = await net.sent(net.places["city"])
    seen = await net.see("county_doctor", case)
    await net.act("city_expert", case, accept.accept, Accept, on=seen.offers[0].id, bed="1")
    await net.act("county_doctor", case, commit.take_up, Commit, offer_id=seen.offers[0].id)
    await net.do("city_expert", complete.add_note, case, on_case.AddNote(text="收到"))
    return await net.see("county_doctor", case)


@pytest.mark.parametrize(
    ("target", "command", "order", "fields"),
    COMMANDS,
    ids=[command[1].__name__ for command in COMMANDS],
)
async def test_a_strangers_command_finds_nothing(
    net: Network, target: str, command: Any, order: Any, fields: dict[str, object]
) -> None:
    case = await _full(net)
    ids = {"case": case.id, "offer": case.offers[0].id, "hold": case.holds[0].id}
    for who in ("outsider", "commission", "township_midwife"):
        with pytest.raises(NotFound):
            await net.do(who, command, ids[target], order(version=case.version, **fields))
    with pytest.raises(NotFound):
        await net.do("county_doctor", command, new_id(), order(version=1, **fields))
    assert (await net.see("county_doctor", case.id)).version == case.version


async def test_every_table_is_closed_to_strangers_and_open_to_parties(net: Network) -> None:
    await _full(net)
    for table in TABLES:
        for who, sees in (("county_doctor", True), ("city_expert", True), ("outsider", False)):
            async with net.clone.app.session(net.staff[who]) as session:
                rows = (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            if table not in ("offer_question", "handover_signature"):
                assert (rows > 0) == sees, (table, who)
            elif not sees:
                assert rows == 0, (table, who)


async def test_row_level_security_is_forced_everywhere(net: Network) -> None:
    async with net.clone.system.session(net.staff["admin"]) as session:
        rows = await session.execute(
            text(
                "SELECT relname FROM pg_class WHERE relname = ANY(:tables)"
                " AND relrowsecurity AND relforcerowsecurity"
            ),
            {"tables": list(TABLES)},
        )
        assert sorted(rows.scalars()) == sorted(TABLES)


async def test_the_commission_sees_the_case_without_identity_or_clinical_text(
    net: Network,
) -> None:
    case = await _full(net)
    seen = await net.see("commission", case.id)
    assert seen.patient.name_short == "*"
    assert seen.pregnancy is None
    assert seen.snapshot is None
    assert seen.notes == []
    assert seen.record.vitals is None
    assert seen.my_side == "observer"
    assert seen.allowed == []
    with pytest.raises(Refusal):
        await net.do("commission", complete.add_note, case.id, on_case.AddNote(text="x"))


async def test_the_frozen_snapshot_cannot_be_rewritten(net: Network) -> None:
    from sqlalchemy.exc import DBAPIError

    case = await _full(net)
    for table in ("referral_snapshot", "referral_record", "referral_note"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with net.clone.app.session(net.staff["county_doctor"]) as session:
                await session.execute(
                    text(f"DELETE FROM {table} WHERE case_id = :case"), {"case": case.id}
                )


async def test_a_board_shows_each_side_its_own(net: Network) -> None:
    case = await _full(net)
    for who, scope, there in (
        ("county_doctor", "outgoing", True),
        ("county_doctor", "incoming", False),
        ("city_expert", "incoming", True),
        ("city_expert", "outgoing", False),
        ("coordinator", "all", True),
        ("outsider", "all", False),
    ):
        viewer = net.staff[who]
        async with net.clone.app.session(viewer) as session:
            found = await board(session, net.clock, viewer, SEALER, scope=scope)  # type: ignore[arg-type]
        assert (case.id in {row.id for row in found.rows}) == there, (who, scope)


async def test_the_board_puts_the_most_urgent_and_oldest_first(net: Network) -> None:
    first = await net.sent(net.places["city"], acuity="urgent")
    net.wait(minutes=5)
    second = await net.sent(net.places["city"], acuity="resuscitation")
    net.wait(minutes=5)
    third = await net.sent(net.places["city"], acuity="resuscitation")
    viewer = net.staff["city_expert"]
    async with net.clone.app.session(viewer) as session:
        found = await board(session, net.clock, viewer, SEALER, scope="incoming")
    ours = [row.id for row in found.rows if row.id in (first, second, third)]
    assert ours == [second, third, first]
    assert found.counts.to_act >= 3
    row = next(row for row in found.rows if row.id == second)
    assert row.patient.name_short == "林*试"
    assert row.reach.queued + row.reach.sent >= 1


async def test_needs_of_the_allowed_actions_are_fields_of_the_commands(net: Network) -> None:
    from referral.rules.allowed import _NEEDS

    modules = (on_case, on_offer, on_leg, on_hold)
    names = {name.lower(): getattr(m, name) for m in modules for name in dir(m)}
    for (machine, action), needs in _NEEDS.items():
        key = action.replace("_", "")
        if (machine, action) == ("leg", "die"):
            key = "dieintransit"
        fields = set(names[key].__struct_fields__)
        for need in needs:
            assert set(need.split("|")) <= fields, (machine, action, need)
