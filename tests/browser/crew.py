"""A case on the road, and the phone of whoever rides with her."""

from datetime import timedelta
from typing import Any

from playwright.async_api import Geolocation, expect

from kernel.clock import SystemClock
from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.smoke.emergency import CHECKLIST, act, register
from tests.smoke.person import Json, Person

RIVER_ROAD: Geolocation = {"latitude": 1.08, "longitude": 0.93, "accuracy": 12}
"""Somewhere between the county hospital and the city centre."""


async def on_the_road(
    doctor: Person, expert: Person, number: int, *, departed: timedelta | None = None, **case: Any
) -> tuple[Json, str]:
    """A case with a journey; its case and the id of its leg. `departed`: how long ago."""
    made = await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": await register(doctor, number),
            "subject": "mother",
            "condition": "preterm_labour",
            "acuity": "critical",
            "risk_colour": "orange",
            "reason": "双胎，宫口开全可能，本院无新生儿科",
            "consent": "signed",
            "drill": True,
            **case,
        },
    )
    await act(expert, made["id"], "offer", "accept", bed="产科 12 床", neonatal_accepted=True)
    seen = await doctor.get(f"/api/referrals/{made['id']}")
    offer = next(one for one in seen["offers"] if one["state"] == "accepted")
    seen = await act(doctor, made["id"], "referral", "commit", offer_id=offer["id"])
    if departed is not None:
        left = SystemClock().now() - departed
        eta = left + timedelta(minutes=50)
        late = {"event_at": left.isoformat(), "late_reason": "补录", "eta": eta.isoformat()}
        seen = await act(doctor, made["id"], "leg", "depart", checklist=CHECKLIST, **late)
    return seen, str(seen["legs"][0]["id"])


async def crew_path(doctor: Person, leg: str) -> str:
    """A fresh link for who rides with her."""
    holder = {"name": "何静", "post": "急救护士", "phone": "19900001234"}
    issued = await doctor.post(f"/api/legs/{leg}/links", {"holder": holder})
    return str(issued["path"])


async def phone(visit: Door, path: str, *, width: int = 390) -> Visitor:
    """The crew's phone with the page open, and able to open again without a network."""
    crew = await visit(None, width=width, height=844)
    await crew.context.grant_permissions(["geolocation"])
    await crew.context.set_geolocation(RIVER_ROAD)
    await crew.page.clock.install(time=SystemClock().now())
    await crew.go(path)
    await expect(crew.page.locator(".bar.fine")).to_be_visible()
    await crew.sees("没有网络也能打开")
    return crew


async def record(crew: Visitor, button: str = "记录") -> None:
    """Press the sheet's own button and wait until the phone has kept the entry."""
    sheet = crew.page.get_by_role("dialog")
    await sheet.get_by_role("button", name=button, exact=True).tap()
    await expect(sheet).to_have_count(0)


async def open_sheet(crew: Visitor, button: str) -> None:
    """Tap one of the page's big buttons."""
    await crew.page.get_by_role("button", name=button, exact=True).tap()
    await expect(crew.page.get_by_role("dialog")).to_be_visible()
