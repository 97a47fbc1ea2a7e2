"""The HTTP of case files: keys, versions, coded refusals, and every offered action has a route."""

from typing import Any
from uuid import uuid4

import pytest

from referral.casefiles.routes import router
from tests.referral.casefiles import filing
from tests.referral.http import Caller, caller
from tests.referral.network import Network


@pytest.fixture
def api(net: Network) -> Caller:
    """The routes of case files."""
    return caller(net, router)


async def test_the_same_key_opens_one_file(net: Network, api: Caller) -> None:
    pregnancy = str(await net.pregnancy(net.staff["county_doctor"]))
    body, key = {"pregnancy_id": pregnancy, "reason": "需专人管理"}, str(uuid4())
    first = await api.post("county_doctor", "/case-files", body, key=key)
    again = await api.post("county_doctor", "/case-files", body, key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    other = await api.post("county_doctor", "/case-files", body)
    assert (other.status_code, other.json()["code"]) == (409, "casefile.exists")
    without = await api.post("county_doctor", "/case-files", body, key="")
    assert without.status_code in (400, 422)
    found = await api.get("county_doctor", f"/pregnancies/{pregnancy}/case-file")
    assert found.json()["case_id"] == first.json()["id"]


async def test_a_stale_version_changes_nothing(net: Network, api: Caller) -> None:
    case_id = await filing.opened(net)
    path = f"/case-files/{case_id}/actions/draft_plan"
    assert (await api.post("county_doctor", path, {"version": 1, **filing.PLAN})).status_code == 201
    late = await api.post("county_doctor", path, {"version": 1, **filing.PLAN})
    assert (late.status_code, late.json()["code"]) == (409, "kernel.version_stale")
    assert len((await filing.look(net, "county_doctor", case_id)).plans) == 1


async def test_every_action_that_is_offered_has_a_route(net: Network, api: Caller) -> None:
    case_id = await filing.opened(net)
    await filing.planned(net, case_id)
    await filing.reported(net, case_id)
    await filing.asked(net, case_id, "province")
    offered: set[str] = set()
    for who in ("county_doctor", "city_expert", "coordinator", "province_expert"):
        shown: dict[str, Any] = (await api.get(who, f"/case-files/{case_id}")).json()
        assert shown["allowed"], who
        for action in shown["allowed"]:
            offered.add(f"{action['machine']}.{action['action']}")
            # Nonsense is refused by the route itself: it exists, and it reads its body.
            answer = await api.post(who, action["path"].removeprefix("/api"), {"nonsense": 1})
            assert answer.status_code in (400, 422), (action, answer.text)
    assert {"file.sign_plan", "report.receive", "task.do", "handover.accept"} <= offered


async def test_a_stranger_finds_nothing(net: Network, api: Caller) -> None:
    case_id = await filing.opened(net)
    assert (await api.get("outsider", f"/case-files/{case_id}")).status_code == 404
    answer = await api.post("outsider", f"/case-files/{case_id}/actions/add_note", {"text": "?"})
    assert answer.status_code == 404
