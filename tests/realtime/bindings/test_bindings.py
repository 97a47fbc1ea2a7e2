"""Bindings over HTTP: said once, corrected with a reason, never forgotten."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.ids import PregnancyId, new_id
from kernel.viewer import Viewer
from tests.realtime.desk import PATH, Desk, record
from tests.realtime.wire import frame
from tests.registry.world import case, patient


async def test_binding_opens_it_to_the_parties_of_her_case(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[frame(1), frame(2)])
    doctor, expert = desk.world.doctor, desk.world.expert
    woman = await patient(desk.clone.app, desk.world, doctor)
    her_case = await case(desk.clone.app, desk.world, doctor, woman, desk.world.city_centre)
    bound = await desk.bind(
        recording, doctor, pregnancy_id=woman.pregnancy_id, case_id=her_case, version=1
    )
    assert bound.status_code == 200, bound.text
    shown = bound.json()["recording"]
    assert (shown["version"], shown["pregnancy_id"]) == (2, str(woman.pregnancy_id))
    assert shown["bound_by"] == str(doctor.person_id)
    assert await desk.listed(expert) == await desk.listed(expert, case_id=her_case) == {"a"}
    assert await desk.listed(desk.world.outsider) == set()
    assert (await desk.get(f"{PATH}/{recording}/frames", expert)).content == frame(1) + frame(2)
    async with desk.clone.app.session(doctor) as session:
        kinds = (await session.scalars(text("SELECT kind FROM case_event"))).all()
        history = (await session.execute(text("SELECT version, bound_by FROM ctg_binding"))).all()
    assert "ctg.bound" in kinds
    assert [tuple(row) for row in history] == [(2, doctor.person_id)]


async def test_a_stale_version_binds_nothing(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    body = {"pregnancy_id": woman.pregnancy_id, "version": 1}
    assert (await desk.bind(recording, **body)).status_code == 200
    stale = await desk.bind(recording, **body)
    assert (stale.status_code, stale.json()["code"]) == (409, "kernel.version_stale")
    assert stale.json()["fields"] == {"current": 2, "given": 1}


async def test_a_case_of_another_woman_is_refused(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    doctor = desk.world.doctor
    woman, other = [await patient(desk.clone.app, desk.world, doctor) for _ in range(2)]
    others_case = await case(desk.clone.app, desk.world, doctor, other)
    answer = await desk.bind(
        recording, pregnancy_id=woman.pregnancy_id, case_id=others_case, version=1
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "ctg.case_of_another")
    assert await desk.listed(unbound=True) == {"a"}


@pytest.mark.parametrize("what", ["pregnancy", "recording"])
async def test_unknown_and_foreign_things_are_not_found(desk: Desk, what: str) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    pregnancy = PregnancyId(woman.pregnancy_id)
    if what == "pregnancy":
        pregnancy = PregnancyId(new_id())
    asked = recording if what == "pregnancy" else uuid4()
    answer = await desk.bind(asked, pregnancy_id=pregnancy, version=1)
    assert answer.status_code == 404
    stranger = await desk.bind(
        recording, desk.world.outsider, pregnancy_id=woman.pregnancy_id, version=1
    )
    assert stranger.status_code == 404
    assert await desk.listed(unbound=True) == {"a"}


async def test_a_correction_says_why_and_the_history_keeps_both(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    doctor = desk.world.doctor
    woman, other = [await patient(desk.clone.app, desk.world, doctor) for _ in range(2)]
    her_case = await case(desk.clone.app, desk.world, doctor, woman, desk.world.city_centre)
    first = {"pregnancy_id": woman.pregnancy_id, "case_id": her_case, "version": 1}
    assert (await desk.bind(recording, doctor, **first)).status_code == 200
    second = {"pregnancy_id": other.pregnancy_id, "version": 2, "means": "wristband"}
    silent = await desk.bind(recording, doctor, **second, reason=" ")
    assert (silent.status_code, silent.json()["code"]) == (422, "ctg.reason_needed")
    told = await desk.bind(recording, doctor, **second, reason="床位写错")
    assert told.json()["recording"]["pregnancy_id"] == str(other.pregnancy_id)
    history = (await desk.get(f"{PATH}/{recording}/bindings", doctor)).json()
    said = [(one["version"], one["pregnancy_id"], one["means"], one["reason"]) for one in history]
    assert said == [
        (3, str(other.pregnancy_id), "wristband", "床位写错"),
        (2, str(woman.pregnancy_id), "list", ""),
    ]
    assert {one["bound_by"] for one in history} == {str(doctor.person_id)}
    async with desk.clone.app.session(doctor) as session:
        kinds = (await session.scalars(text("SELECT kind FROM case_event ORDER BY seq"))).all()
    assert [kind for kind in kinds if kind.startswith("ctg.")] == ["ctg.bound", "ctg.unbound"]


async def test_taken_back_it_lies_unbound_again_and_is_kept(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[frame(1)], chunks=[])
    doctor = desk.world.doctor
    woman = await patient(desk.clone.app, desk.world, doctor)
    await desk.bind(recording, doctor, pregnancy_id=woman.pregnancy_id, version=1)
    path = f"/recordings/{recording}/unbind"
    silent = await desk.post(path, doctor, version=2, reason="")
    assert (silent.status_code, silent.json()["code"]) == (422, "ctg.reason_needed")
    assert (await desk.post(path, doctor, version=1, reason="错")).status_code == 409
    done = await desk.post(path, doctor, version=2, reason="患者已换床")
    shown = done.json()["recording"]
    assert (shown["pregnancy_id"], shown["bound_at"], shown["version"]) == (None, None, 3)
    assert shown["allowed"] == ["bind"]
    assert await desk.listed(unbound=True) == {"a"}
    assert (await desk.get(f"{PATH}/{recording}/frames")).content == frame(1)


async def test_only_the_house_itself_takes_a_binding_back(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    doctor, expert = desk.world.doctor, desk.world.expert
    woman = await patient(desk.clone.app, desk.world, doctor)
    her_case = await case(desk.clone.app, desk.world, doctor, woman, desk.world.city_centre)
    await desk.bind(recording, doctor, pregnancy_id=woman.pregnancy_id, case_id=her_case, version=1)
    path = f"/recordings/{recording}/unbind"
    foreign = await desk.post(path, expert, version=2, reason="x")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "kernel.not_allowed")
    assert (await desk.post(path, desk.world.outsider, version=2, reason="x")).status_code == 404


async def test_fetuses_are_named_and_renaming_needs_a_reason(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)

    def labels(answer: Any) -> list[tuple[str, str]]:
        shown = answer.json()["recording"]["fetuses"]
        return [(one["channel"], one["label"]) for one in shown]

    assert labels(await desk.get(f"{PATH}/{recording}")) == [("fhr1", "A")]
    body = {"pregnancy_id": woman.pregnancy_id}
    twice = await desk.bind(recording, **body, version=1, labels=["A", "A", "B"])
    assert (twice.status_code, twice.json()["code"]) == (422, "ctg.labels_invalid")
    named = await desk.bind(recording, **body, version=1, labels=["B", "A", "C"])
    assert labels(named) == [("fhr1", "B")]
    kept = await desk.bind(recording, **body, version=2)
    assert labels(kept) == [("fhr1", "B")]
    silent = await desk.bind(recording, **body, version=3, labels=["A", "B", "C"])
    assert silent.json()["code"] == "ctg.reason_needed"
    told = await desk.bind(
        recording, **body, version=3, labels=["A", "B", "C"], reason="超声核对胎位"
    )
    assert labels(told) == [("fhr1", "A")]


async def _found(desk: Desk, code: str, viewer: Any = None) -> tuple[int, str]:
    answer = await desk.post("/wristbands/find", viewer, code=code)
    said = answer.json()
    return answer.status_code, said.get("pregnancy_id") or said["code"]


async def test_a_wristband_once_given_finds_her_without_typing(desk: Desk) -> None:
    doctor = desk.world.doctor
    woman, other = [await patient(desk.clone.app, desk.world, doctor) for _ in range(2)]
    assert await _found(desk, "ZY2026001") == (404, "ctg.wristband_unknown")
    for hers in (woman, other):
        given = await desk.post("/wristbands", code="ZY2026001", pregnancy_id=hers.pregnancy_id)
        assert given.status_code == 201, given.text
        assert await _found(desk, " zy2026001 ") == (200, str(hers.pregnancy_id))
    assert await _found(desk, "ZY2026001", desk.world.outsider) == (404, "ctg.wristband_unknown")
    foreign = await desk.post(
        "/wristbands", desk.world.outsider, code="ZY2026002", pregnancy_id=woman.pregnancy_id
    )
    assert foreign.status_code == 404
    async with desk.clone.app.session(doctor) as session:
        kept = (await session.execute(text("SELECT * FROM ctg_wristband"))).all()
    assert len(kept) == 2
    assert "2026001" not in str(kept)


async def test_our_own_code_names_her_itself(desk: Desk) -> None:
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    code = f"yunshang:pregnancy:{woman.pregnancy_id}"
    assert await _found(desk, code) == (200, str(woman.pregnancy_id))
    assert await _found(desk, code, desk.world.outsider) == (404, "kernel.not_found")
    assert await _found(desk, "yunshang:pregnancy:x") == (404, "ctg.wristband_unknown")


async def test_history_of_bindings_can_be_changed_by_nobody(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    await desk.bind(recording, pregnancy_id=woman.pregnancy_id, version=1)
    for table in ("ctg_binding", "ctg_device_event", "ctg_wristband"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with desk.clone.system.session(Viewer.system("test")) as session:
                await session.execute(text(f"DELETE FROM {table}"))
        owner = await asyncpg.connect(desk.clone.superuser_url)
        try:
            with pytest.raises(asyncpg.PostgresError, match="it is a record"):
                await owner.execute(f"DELETE FROM {table}")
        finally:
            await owner.close()
