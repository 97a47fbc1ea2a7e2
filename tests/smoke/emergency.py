"""One emergency from request to handover, as three people at three browsers live it."""

import time
from dataclasses import dataclass, field
from typing import Any

from tests.smoke.person import Json, Person

CHECKLIST = {
    "airway_and_breathing_stable": True,
    "circulation_stable": True,
    "iv_access": True,
    "oxygen_for_trip_plus_30_min": True,
    "emergency_kit": True,
    "papers_and_consent": True,
    "family_informed": True,
}
HANDOVER = {
    "condition": "神志清，血压 102/60，心率 108",
    "drugs": "缩宫素、氨甲环酸，时间见记录",
    "blood": "红细胞 2 U 输注中",
    "documents": "病历摘要、检验单、同意书",
}


@dataclass(slots=True)
class Times:
    """Milliseconds as the people felt them."""

    request_to_page: list[float] = field(default_factory=list)
    ack_to_sender: list[float] = field(default_factory=list)


async def register(doctor: Person, number: int) -> str:
    """A woman nobody knows yet; her pregnancy's id."""
    created = await doctor.post(
        "/api/patients",
        {
            "name": f"演示孕妇{number}",
            "age": 27,
            "pregnancy": {"gravida": 2, "para": 1},
        },
    )
    return str(created["pregnancy_id"])


async def request(doctor: Person, expert: Person, pregnancy: str, times: Times) -> Json:
    """Send, and wait until the expert's browser has the page."""
    began = time.perf_counter()
    case: Json = await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": pregnancy,
            "subject": "mother",
            "condition": "pph",
            "acuity": "resuscitation",
            "risk_colour": "red",
            "vitals": {"sbp": 88, "dbp": 52, "hr": 128, "blood_loss_ml": 1300},
            "reason": "产后出血，本院备血不足",
            "consent": "emergency_waiver",
        },
    )
    at, item = await expert.hears(lambda m: page_for(m, case["id"]), after=began)
    times.request_to_page.append((at - began) * 1000)
    case["page_id"] = item["data"]["page_id"]
    return case


def page_for(message: Json, case_id: str) -> bool:
    """True for the inbox item that rings because of this case."""
    return (
        message.get("type") == "item"
        and message.get("kind") == "page"
        and message["data"].get("case_id") == case_id
    )


async def acknowledge(doctor: Person, expert: Person, case: Json, times: Times) -> None:
    """The expert says "I have it"; wait until the doctor's browser knows."""
    began = time.perf_counter()
    await expert.post(f"/api/pages/{case['page_id']}/acknowledge")

    def known(message: Json) -> bool:
        return (
            message.get("kind") == "page_update"
            and message["data"].get("case_id") == case["id"]
            and "acknowledged" in str(message["data"])
        )

    at, _ = await doctor.hears(known, after=began)
    times.ack_to_sender.append((at - began) * 1000)


async def act(person: Person, case_id: str, machine: str, action: str, **fields: Any) -> Json:
    """Take an action from the server's own list of allowed ones; the case afterwards."""
    case = await person.get(f"/api/referrals/{case_id}")
    offered = [
        one for one in case["allowed"] if (one["machine"], one["action"]) == (machine, action)
    ]
    if not offered:
        names = [(one["machine"], one["action"]) for one in case["allowed"]]
        raise AssertionError(f"{person.login} may not {machine}.{action}: {names}")
    path = f"/api/{machine}s/{offered[0]['target_id']}/actions/{action}"
    after: Json = await person.post(path, {"version": case["version"], **fields})
    return after


async def travel(doctor: Person, expert: Person, case_id: str) -> Json:
    """Accept, commit, depart, arrive, both sign, outcome."""
    await act(expert, case_id, "offer", "accept", bed="产科 ICU 2 床")
    case = await doctor.get(f"/api/referrals/{case_id}")
    offer = next(one for one in case["offers"] if one["state"] == "accepted")
    await act(doctor, case_id, "referral", "commit", offer_id=offer["id"])
    await act(doctor, case_id, "leg", "depart", checklist=CHECKLIST)
    await act(expert, case_id, "leg", "arrive")
    await act(doctor, case_id, "leg", "sign_handover", **HANDOVER)
    await act(expert, case_id, "leg", "sign_handover", **HANDOVER)
    return await act(
        expert,
        case_id,
        "referral",
        "close",
        outcome="rescued",
        diagnosis="产后出血",
        feedback="转诊及时",
        timeliness="timely",
    )
