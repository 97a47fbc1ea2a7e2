"""Papers over HTTP: issued once, given again, kept from strangers, checked by anybody."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kernel.chain.checkpoint import checkpoint_once
from kernel.chain.signing import Signer
from kernel.ids import CaseId
from referral.commands.on_case import CompleteRecord, Die
from referral.service.complete import complete_record
from referral.service.finish import die
from server.paper import routes
from server.paper.limits import Turnstile
from server.paper.routes import router
from tests.referral.http import Caller, caller
from tests.referral.network import SEEDER, Network
from tests.server.paper import story

NOBODY = ""


@pytest.fixture
def api(net: Network) -> Caller:
    """The routes of paper."""
    routes.turnstile.cache_clear()
    return caller(net, router)


@pytest.fixture
async def case(net: Network) -> CaseId:
    """A sent case with its forms."""
    return await story.sent(net)


async def _issued(
    api: Caller, case: CaseId, who: str = "county_doctor", kind: str = "transfer", **more: str
) -> dict[str, Any]:
    answer = await api.post(who, f"/cases/{case}/documents/{kind}", {}, **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _verify(api: Caller, code: str) -> dict[str, Any]:
    answer = await api.get(NOBODY, f"/verify/{code}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def _sign(net: Network, place: Path) -> None:
    """The engine's checkpoint, which makes leaves of what was committed."""
    async with net.clone.system.session(SEEDER) as session:
        await checkpoint_once(session, Signer.load_or_create(place))


async def test_issued_listed_opened_and_on_the_chain(
    net: Network, api: Caller, case: CaseId
) -> None:
    made = await _issued(api, case)
    got = await api.get("city_expert", made["path"].removeprefix("/api"))
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["content-disposition"].startswith("inline; filename*=UTF-8''%E5%AD%95")
    assert sha256(got.content).hexdigest() == made["pdf_sha256"]
    (event,) = [e for e in await net.events(case) if e.row.kind == "document.issued"]
    assert event.payload["pdf_sha256"] == made["pdf_sha256"]
    assert "林测试" not in str(event.payload)
    listed = (await api.get("city_expert", f"/cases/{case}/documents")).json()
    assert [one["kind"] for one in listed] == ["transfer", "consent"]
    (paper,) = listed[0]["issued"]
    assert (paper["id"], paper["current"]) == (made["id"], True)


async def test_what_says_the_same_is_given_again_and_what_moved_on_is_told(
    net: Network, api: Caller, case: CaseId
) -> None:
    first = await _issued(api, case)
    assert (await _issued(api, case, "city_expert"))["code"] == first["code"]
    await net.act("county_doctor", case, complete_record, CompleteRecord, diagnosis="胎盘残留")
    assert (await _verify(api, first["code"]))["moved_on"] is True
    listed = (await api.get("county_doctor", f"/cases/{case}/documents")).json()
    assert listed[0]["issued"][0]["current"] is False
    second = await _issued(api, case)
    assert second["code"] != first["code"]
    assert (await _verify(api, second["code"]))["moved_on"] is False
    listed = (await api.get("county_doctor", f"/cases/{case}/documents")).json()
    assert [one["current"] for one in listed[0]["issued"]] == [True, False]


async def test_two_at_once_issue_one_paper(api: Caller, case: CaseId) -> None:
    both = await asyncio.gather(_issued(api, case), _issued(api, case, "city_expert"))
    assert both[0]["code"] == both[1]["code"]


async def test_one_key_one_paper_and_a_key_is_needed(api: Caller, case: CaseId) -> None:
    first = await _issued(api, case, key="the-same-key-0001")
    assert (await _issued(api, case, key="the-same-key-0001"))["id"] == first["id"]
    bare = await api.post("county_doctor", f"/cases/{case}/documents/consent", {}, key="")
    assert bare.status_code == 400


@pytest.mark.parametrize("who", ["outsider", "city_two_expert", "township_midwife"])
async def test_strangers_are_told_that_there_is_nothing(
    api: Caller, case: CaseId, who: str
) -> None:
    made = await _issued(api, case)
    path = made["path"].removeprefix("/api")
    assert (await api.get(who, path)).status_code == 404
    assert (await api.get(who, f"/cases/{case}/documents")).status_code == 404
    refused = await api.post(who, f"/cases/{case}/documents/transfer", {})
    assert refused.status_code == 404


async def test_the_commission_sees_no_paper(api: Caller, case: CaseId) -> None:
    made = await _issued(api, case)
    assert (await api.get("commission", made["path"].removeprefix("/api"))).status_code == 404
    listed = await api.get("commission", f"/cases/{case}/documents")
    assert (listed.status_code, listed.json()["code"]) == (403, "paper.identity_closed")


async def test_unknown_kinds_and_papers(api: Caller, case: CaseId) -> None:
    assert (await api.post("county_doctor", f"/cases/{case}/documents/x", {})).status_code == 400
    early = await api.post("county_doctor", f"/cases/{case}/documents/feedback", {})
    assert (early.status_code, early.json()["code"]) == (409, "paper.nothing_to_print")


async def test_every_opening_is_in_the_access_log(net: Network, api: Caller, case: CaseId) -> None:
    made = await _issued(api, case)
    before = await net.count(f"access_log WHERE case_id = '{case}'")
    await api.get("city_expert", made["path"].removeprefix("/api"))
    after = await net.count(f"access_log WHERE case_id = '{case}'")
    assert after == before + 1


async def test_anybody_may_check_and_learns_nothing_of_her(
    net: Network, api: Caller, case: CaseId, tmp_path: Path
) -> None:
    made = await _issued(api, case)
    said = await _verify(api, made["code"])
    assert (said["verdict"], said["chain"], said["moved_on"]) == ("genuine", "waiting", False)
    assert (said["kind"], said["facility"]) == ("transfer", "石桥县医院")
    assert said["pdf_sha256"] == made["pdf_sha256"]
    assert not {"林测试", "19900000017", str(case)} & set(map(str, said.values()))
    assert "林" not in str(said)
    await _sign(net, tmp_path)
    typed = made["code"].lower()
    assert (await _verify(api, f"{typed[:4]}-{typed[4:8]}-{typed[8:]}"))["chain"] == "proved"


async def test_unknown_and_mistyped_codes(api: Caller) -> None:
    assert (await _verify(api, "0000000000000000"))["verdict"] == "unknown"
    assert (await _verify(api, "0000000000000001"))["verdict"] == "mistyped"
    assert (await _verify(api, "林测试"))["verdict"] == "mistyped"


async def test_trying_codes_is_refused(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Turnstile(per_minute=1)
    monkeypatch.setattr(routes, "turnstile", lambda: gate)
    await _verify(api, "0000000000000000")
    refused = await api.get(NOBODY, "/verify/0000000000000000")
    assert (refused.status_code, refused.json()["code"]) == (429, "paper.too_many_checks")


async def test_papers_may_still_be_issued_after_a_death(
    net: Network, api: Caller, case: CaseId
) -> None:
    gone = {"place": "产房", "certifier": "测试医师"}
    await net.act("county_doctor", case, die, Die, **gone)
    assert (await _issued(api, case))["kind"] == "transfer"


TAMPERED = {
    "the paper's hash": (
        "issued_document",
        "UPDATE issued_document SET pdf_hash = sha256('another') WHERE id = $1",
    ),
    "the position on the chain": (
        "issued_document",
        "UPDATE issued_document SET head_hash = sha256('another') WHERE id = $1",
    ),
    "the event": (
        "case_event",
        "UPDATE case_event SET payload = convert_to(replace(convert_from(payload, 'UTF8'),"
        " 'transfer', 'feedback'), 'UTF8') WHERE kind = 'document.issued' AND case_id ="
        " (SELECT case_id FROM issued_document WHERE id = $1)",
    ),
    "an event before it": (
        "case_event",
        "UPDATE case_event SET occurred_at = occurred_at - interval '1 hour' WHERE (case_id, seq) ="
        " (SELECT case_id, head_seq FROM issued_document WHERE id = $1)",
    ),
    "the event is gone": (
        "case_event",
        "DELETE FROM case_event WHERE kind = 'document.issued' AND case_id ="
        " (SELECT case_id FROM issued_document WHERE id = $1)",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_an_administrators_change_is_found(
    net: Network, api: Caller, case: CaseId, what: str
) -> None:
    made = await _issued(api, case)
    table, statement = TAMPERED[what]
    admin = await asyncpg.connect(net.clone.superuser_url.replace("+asyncpg", ""))
    try:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        assert int((await admin.execute(statement, made["id"])).split()[-1]) == 1
    finally:
        await admin.close()
    said = await _verify(api, made["code"])
    assert (said["verdict"], said["chain"]) == ("broken", "broken")


async def test_the_database_keeps_papers_from_strangers_and_from_change(
    net: Network, api: Caller, case: CaseId
) -> None:
    made = await _issued(api, case)
    assert await net.count(f"issued_document WHERE id = '{made['id']}'") == 1
    stranger = await asyncpg.connect(net.clone.app_url.replace("+asyncpg", ""))
    try:
        assert await stranger.fetchval("SELECT count(*) FROM issued_document") == 0
        for statement in ("UPDATE issued_document SET kind = 'x'", "DELETE FROM issued_document"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await stranger.execute(statement)
    finally:
        await stranger.close()
