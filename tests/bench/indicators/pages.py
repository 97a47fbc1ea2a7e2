"""The pages as an official's browser asks for them, through a running server."""

import asyncio
import itertools
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from server.settings import Settings
from tests.bench.indicators.province import Province
from tests.live.processes import Process, answers
from tests.smoke.person import Person

PERIODS = (7, 30, 90, 365)
"""Those that the page offers, in days."""

CODES = ("request_to_accept", "referrals_accepted", "ob_caesarean_rate")
LOGIN = "bench.commission"


async def ask(
    settings: Settings, place: Path, province: Province, until: datetime, times: int
) -> dict[str, list[float]]:
    """Seconds from the question to the last byte, by kind of page and period.

    Every period is asked for the province, a city, a county and a house, equally often.
    """
    serve = Process("serve", settings, place / "serve.log").start()
    url = f"http://127.0.0.1:{settings.port}"
    try:
        answers(url)
        person = await Person(url, LOGIN).log_in()
        headers = {"cookie": person.cookie, "origin": url}
        async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers) as http:
            return await _rounds(http, province, until, times)
    finally:
        serve.stop()


async def _rounds(
    http: httpx.AsyncClient, province: Province, until: datetime, times: int
) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {}
    for n in range(times + 1):
        places = (
            {},
            {"region_id": str(province.cities[n % len(province.cities)])},
            {"region_id": str(province.counties[n % len(province.counties)])},
            {"facility_id": str(province.houses[1 + n].id)},
        )
        for days, where in itertools.product(PERIODS, places):
            since = until - timedelta(days=days)
            query = {"from": since.isoformat(), "to": until.isoformat(), **where}
            for kind in ("overview", *CODES):
                path = "/api/indicators" + ("" if kind == "overview" else f"/{kind}")
                begun = time.perf_counter()
                answer = await http.get(path, params=query)
                seconds = time.perf_counter() - begun
                answer.raise_for_status()
                if n:  # the first round warms up
                    name = "overview" if kind == "overview" else "one indicator"
                    took.setdefault(f"{name}, {days} days", []).append(seconds)
        await asyncio.sleep(0)
    return took


def now() -> datetime:
    """The end of the year that is made up: the last midnight in China, so that a year is whole."""
    midnight = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0)  # noqa: TID251
    return midnight if midnight <= datetime.now(UTC) else midnight - timedelta(days=1)  # noqa: TID251
