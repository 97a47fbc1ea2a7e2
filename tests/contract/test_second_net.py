"""Row-level security and grants, tried by hand: a query of ours gone wrong as the application role.

Whoever injects SQL may also set the variables that say who is asking; what holds then is only what
the role may do at all. These tests ask as an honest viewer whose query is wrong.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kernel.database import viewer_settings
from server.embedded.services import EmbeddedServices
from tests.contract.stage import Stage, staged
from tests.fixtures.database import Clone

SET_VIEWER = (
    "SELECT set_config('app.person_id', $1, true), set_config('app.facility_ids', $2, true),"
    " set_config('app.region_ids', $3, true), set_config('app.roles', $4, true),"
    " set_config('app.account_id', $5, true)"
)
CLOSED = (
    "SELECT payload FROM outbox",
    "SELECT address_sealed FROM contact_point",
    "SELECT 1 FROM ctg_journal",
    "SELECT 1 FROM chain_pending",
    "SELECT chain_sequence()",
    "UPDATE outbox SET payload = '{}'",
    "UPDATE case_event SET kind = 'x'",
    "DELETE FROM case_event",
    "INSERT INTO case_event SELECT * FROM case_event",
    "DELETE FROM shift",
    "DELETE FROM access_log",
    "UPDATE security_event SET ok = true",
    "INSERT INTO role_grant SELECT * FROM role_grant",
    "UPDATE role_grant SET during = tstzrange(now(), NULL)",
    "INSERT INTO account SELECT * FROM account",
    "INSERT INTO person SELECT * FROM person",
    "INSERT INTO facility SELECT * FROM facility",
    "INSERT INTO responsible_area (id) VALUES (gen_random_uuid())",
    "UPDATE account SET login = 'x'",
    "UPDATE account SET person_id = id",
    "UPDATE login_session SET account_id = id",
    "SET ROLE yunshang_owner",
    "SET session_replication_role = replica",
    "CREATE TABLE public.mine (a int)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT 1 FROM pg_authid",
)
"""Closed to the role itself, whoever is asking."""

MINE_ONLY = {
    "idempotency_key": "SELECT count(*) FROM idempotency_key WHERE account_id = '{account}'",
    "inbox_item": "SELECT count(*) FROM inbox_item WHERE person_id <> '{person}'",
    "referral": "SELECT count(*) FROM referral WHERE id = '{case}'",
    "offer": "SELECT count(*) FROM offer WHERE case_id = '{case}'",
    "referral_snapshot": "SELECT count(*) FROM referral_snapshot WHERE case_id = '{case}'",
    "case_event": "SELECT count(*) FROM case_event WHERE case_id = '{case}'",
    "case_party": "SELECT count(*) FROM case_party WHERE case_id = '{case}'",
    "page": "SELECT count(*) FROM page WHERE case_id = '{case}'",
    "page_target": "SELECT count(*) FROM page_target WHERE case_id = '{case}'",
    "pregnancy": "SELECT count(*) FROM pregnancy WHERE id = '{pregnancy}'",
    "ctg_recording": "SELECT count(*) FROM ctg_recording WHERE id = '{recording}'",
    "ctg_journal_frames": "SELECT count(*) FROM ctg_journal_frames('{recording}')",
    "ctg_alarm": "SELECT count(*) FROM ctg_alarm WHERE recording_id = '{recording}'",
    "ctg_alarm_event": "SELECT count(*) FROM ctg_alarm_event e JOIN ctg_alarm a"
    " ON a.id = e.alarm_id WHERE a.recording_id = '{recording}'",
    "ctg_reading": "SELECT count(*) FROM ctg_reading WHERE id = '{reading}'",
    "ctg_reading_view": "SELECT count(*) FROM ctg_reading_view WHERE reading_id = '{reading}'",
    "ctg_reading_event": "SELECT count(*) FROM ctg_reading_event WHERE reading_id = '{reading}'",
    "consult_request": "SELECT count(*) FROM consult_request WHERE id = '{consult}'",
    "consult_invitation": "SELECT count(*) FROM consult_invitation WHERE request_id = '{consult}'",
    "consult_event": "SELECT count(*) FROM consult_event WHERE request_id = '{consult}'",
    "consult_call": "SELECT count(*) FROM consult_call WHERE case_id = '{consult}'",
    "consult_room": "SELECT count(*) FROM consult_room WHERE id = '{room}'",
    "room_admission": "SELECT count(*) FROM room_admission WHERE room_id = '{room}'",
    "room_recording": "SELECT count(*) FROM room_recording WHERE room_id = '{room}'",
    "recording_answer": "SELECT count(*) FROM recording_answer a JOIN room_recording r"
    " ON r.id = a.recording_id WHERE r.room_id = '{room}'",
    "room_message": "SELECT count(*) FROM room_message WHERE room_id = '{room}'",
    "room_receipt": "SELECT count(*) FROM room_receipt r JOIN consult_room c"
    " ON c.case_id = r.case_id WHERE c.id = '{room}'",
    "room_still": "SELECT count(*) FROM room_still WHERE room_id = '{room}'",
    "room_mark": "SELECT count(*) FROM room_mark m JOIN room_still s ON s.id = m.still_id"
    " WHERE s.room_id = '{room}'",
    "guidance_session": "SELECT count(*) FROM guidance_session WHERE id = '{guidance}'",
    "guidance_stay": "SELECT count(*) FROM guidance_stay WHERE session_id = '{guidance}'",
    "guidance_record": "SELECT count(*) FROM guidance_record WHERE session_id = '{guidance}'",
    "quality_return": "SELECT count(*) FROM quality_return WHERE id = '{return}'",
    "quality_return_answer": "SELECT count(*) FROM quality_return_answer"
    " WHERE return_id = '{return}'",
    "quality_return_issue": "SELECT count(*) FROM quality_return_issue"
    " WHERE return_id = '{return}'",
    "training_attendee": "SELECT count(*) FROM training_attendee WHERE class_id = '{class}'",
    "training_attempt": "SELECT count(*) FROM training_attempt WHERE course_id = '{course}'",
    "training_certificate": "SELECT count(*) FROM training_certificate"
    " WHERE course_id = '{course}'",
    "quality_exercise": "SELECT count(*) FROM quality_exercise WHERE id = '{exercise}'",
    "quality_action": "SELECT count(*) FROM quality_action WHERE record_id = '{exercise}'",
    "case_review": "SELECT count(*) FROM case_review WHERE id = '{review}'",
    "review_member": "SELECT count(*) FROM review_member WHERE review_id = '{review}'",
    "review_pack": "SELECT count(*) FROM review_pack WHERE review_id = '{review}'",
    "review_measure": "SELECT count(*) FROM review_measure WHERE review_id = '{review}'",
    "quality_case": "SELECT count(*) FROM quality_case WHERE case_id = '{case}'",
}
"""What an outsider's widest query finds of a case of others: nothing."""

INTRUDING = {
    "becomes a party": "INSERT INTO case_party (case_id, facility_id, role)"
    " VALUES ('{case}', '{facility}', 'receiver')",
    "brings a person in": "INSERT INTO case_party (case_id, person_id, role)"
    " VALUES ('{case}', '{person}', 'expert')",
    "posts into inboxes": "INSERT INTO inbox_item (id, person_id, kind, case_id, data)"
    " VALUES (gen_random_uuid(), '{person}', 'notice', '{case}', '{{}}')",
    "certifies themselves": "INSERT INTO training_certificate"
    " (id, course_id, person_id, facility_id, issued_at)"
    " VALUES (gen_random_uuid(), '{course}', '{person}', '{facility}', now())",
    "writes on the chain": "SELECT case_append('{case}', 'x.y', 'human', false, '{person}',"
    " '{facility}', convert_to('{{}}', 'UTF8'), NULL, NULL, NULL, NULL)",
}


@pytest.fixture(scope="module")
async def stage(
    services: EmbeddedServices,
    module_database: Clone,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """The region with a case of the county; keys and inboxes are in use."""
    place = tmp_path_factory.mktemp("second")
    async with staged(module_database, services.layout.valkey_url, place) as standing:
        patients = standing.description.operations["POST /api/patients"]
        made = await standing.call("county_doctor", patients, {}, {"name": "林测试", "age": 30})
        assert made.status_code == 201
        yield standing


async def _ask(stage: Stage, who: str, question: str) -> Any:
    """One statement as the application role on behalf of somebody; undone afterwards."""
    viewer = stage.net.staff[who]
    ids = {
        "case": stage.ids["case_id"],
        "pregnancy": stage.ids["pregnancy_id"],
        "recording": stage.ids["recording_id"],
        "reading": stage.ids["reading_id"],
        "consult": stage.ids["consult_id"],
        "room": stage.ids["room_id"],
        "guidance": stage.ids["guidance_id"],
        "return": stage.ids["return_id"],
        "class": stage.ids["class_id"],
        "course": stage.ids["course_id"],
        "exercise": stage.ids["exercise_id"],
        "review": stage.ids["case_review_id"],
        "person": viewer.person_id,
        "account": stage.accounts["county_doctor"],
        "facility": viewer.facility_id,
    }
    connection = await asyncpg.connect(stage.net.clone.app_url)
    try:
        await connection.execute("BEGIN")
        said = viewer_settings(viewer)
        values = [said[name] for name in ("person", "facilities", "regions", "roles")]
        await connection.fetch(SET_VIEWER, *values, str(stage.accounts[who]))
        return await connection.fetchval(question.format(**ids))
    finally:
        await connection.close()


@pytest.mark.parametrize("statement", CLOSED)
async def test_closed_to_the_role(stage: Stage, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _ask(stage, "admin", statement.replace("{", "{{").replace("}", "}}"))


@pytest.mark.parametrize("table", MINE_ONLY)
async def test_an_outsiders_widest_query_finds_nothing(stage: Stage, table: str) -> None:
    assert await _ask(stage, "outsider", MINE_ONLY[table]) == 0


async def test_the_same_queries_find_something_for_the_owner(stage: Stage) -> None:
    kept = (
        "idempotency_key",
        "referral",
        "case_event",
        "page",
        "pregnancy",
        "training_certificate",
    )
    for table in kept:
        assert await _ask(stage, "county_doctor", MINE_ONLY[table]) > 0, table


@pytest.mark.parametrize("deed", INTRUDING)
@pytest.mark.parametrize("who", ["outsider", "commission"])
async def test_nobody_lets_themselves_in(stage: Stage, who: str, deed: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await _ask(stage, who, INTRUDING[deed])


async def test_the_commission_changes_no_page(stage: Stage) -> None:
    assert await _ask(stage, "commission", "SELECT count(*) FROM page_target") > 0
    changed = "WITH c AS (UPDATE page_target SET state = 'acknowledged' RETURNING 1)"
    assert await _ask(stage, "commission", f"{changed} SELECT count(*) FROM c") == 0


async def test_an_ended_session_stays_ended(stage: Stage) -> None:
    end = "UPDATE login_session SET revoked_at"
    connection = await asyncpg.connect(stage.net.clone.app_url)
    try:
        with pytest.raises(asyncpg.PostgresError, match="not revived"):
            await connection.execute(f"{end} = now(); {end} = NULL")
    finally:
        await connection.close()


async def test_a_recording_is_not_bound_to_a_case_of_others(stage: Stage) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _ask(stage, "outsider", "UPDATE ctg_recording SET case_id = '{case}'")
