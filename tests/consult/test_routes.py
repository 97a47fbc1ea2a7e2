"""Signing over HTTP: the password once more, and nothing of it kept."""

from dataclasses import replace
from uuid import uuid4

import pytest

from consult.routes import router
from kernel.viewer import Role
from registry.people.service import Grant, create_person_with_account
from tests.referral.http import Caller, caller
from tests.referral.network import SEALER, SEEDER, Network
from tests.registry.world import PASSWORD, password_hash


@pytest.fixture(scope="module")
async def signing(net: Network) -> Network:
    """The city's expert has an account with a password."""
    viewer = net.staff["city_expert"]
    async with net.clone.system.session(SEEDER) as session:
        _, account = await create_person_with_account(
            session,
            net.clock,
            SEALER,
            facility_id=viewer.facility_id,
            name="测试签名",
            login="signer",
            password_hash=password_hash(),
            grants=[Grant(Role.EXPERT)],
        )
    net.staff["city_expert"] = replace(viewer, account_id=account)
    return net


@pytest.fixture
def api(signing: Network) -> Caller:
    """The advice routes."""
    return caller(signing, router)


async def test_a_signature_needs_the_password_once_more(signing: Network, api: Caller) -> None:
    case = await signing.sent(signing.places["city"])
    body = {"text": "立即双合诊压迫", "orders": [{"text": "缩宫素 20 U"}]}
    key = str(uuid4())
    draft = await api.post("city_expert", f"/cases/{case}/advice", body, key=key)
    assert draft.status_code == 201, draft.text
    again = await api.post("city_expert", f"/cases/{case}/advice", body, key=key)
    assert again.json()["id"] == draft.json()["id"]

    path = f"/advice/{draft.json()['id']}/sign"
    wrong = await api.post("city_expert", path, {"revision": 1, "password": "guess"})
    assert wrong.status_code in (401, 403, 422), wrong.text
    assert wrong.json()["zh"]["detail"]
    assert "advice.signed" not in await signing.kinds(case)

    key = str(uuid4())
    signed = await api.post("city_expert", path, {"revision": 1, "password": PASSWORD}, key=key)
    assert signed.status_code == 201, signed.text
    assert signed.json()["state"] == "signed"
    # The answer was lost on the way: the same key signs nothing twice.
    repeated = await api.post("city_expert", path, {"revision": 1, "password": PASSWORD}, key=key)
    assert repeated.json()["digest"] == signed.json()["digest"]
    assert (await signing.kinds(case)).count("advice.signed") == 1

    listed = await api.get("county_doctor", f"/cases/{case}/advice")
    assert [advice["state"] for advice in listed.json()] == ["signed"]
    outcome = f"/advice/{draft.json()['id']}/orders/1/outcome"
    done = await api.post("county_doctor", outcome, {"state": "read_back"})
    assert done.json()["orders"][0]["state"] == "read_back"
    bad = await api.post("county_doctor", outcome, {"state": "maybe"})
    assert bad.status_code in (400, 422)
