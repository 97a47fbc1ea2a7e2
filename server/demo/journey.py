"""One journey under way: an ambulance in the demo region, its crew's page one press away.

Told at every start unless one is under way. The crew's address is kept in a file of the data
directory, because nobody can read a token again; the demo's page shows it.
"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.ids import CaseId, FacilityId, new_id
from kernel.outbox import enqueue
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.links import sessions
from referral.links.commands import CrewEntry, CrewFix, Holder, Sync
from referral.links.service import issue
from referral.links.service.sync import sync
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast
from server.demo.emergency import STEPS, TOPIC
from server.demo.history import Story
from server.demo.plot import Plot

log = structlog.get_logger()

ORIGIN, RECEIVER = "BL001", "YJ001"
LINK_FILE = "demo-crew-link"
CREW = Holder(name="何静", post="急救护士", phone="19900001234")

SENT_AGO = timedelta(minutes=41)
FROM_DOOR_TO_NOW = timedelta(minutes=18)
"""How long she has been on the road when the region opens."""

REACHES_AFTER = timedelta(minutes=70)
"""When made-up colleagues receive her, unless somebody at a browser was faster."""

ROAD = ((1.02, 0.62), (1.01, 0.68), (1.01, 0.74))
"""Where the phone was, six minutes apart."""

_UNDER_WAY = text(
    "SELECT count(*) FROM referral WHERE demo AND NOT drill AND state = 'moving'"
    " AND origin_id = :origin"
)
_TOLD = text("SELECT count(*) FROM idempotency_key WHERE key LIKE 'demo-journey-%'")


async def tell_journey(
    database: Database, now: datetime, sealer: Sealer, directory: Path
) -> str | None:
    """Send a case on its way; the crew's path, or None where one is under way already."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
        origin = {"origin": cast.facilities[ORIGIN]}
        if (await session.execute(_UNDER_WAY, origin)).scalar_one():
            return None
        number = (await session.execute(_TOLD)).scalar_one() + 1
    doctor = cast.at(ORIGIN, "doctor")
    async with database.session(doctor) as session:
        key = {"account": doctor.account_id, "key": f"demo-journey-{number}"}
        if (await session.execute(CLAIM, key)).first() is None:
            return None
        clock = SimulatedClock(now - SENT_AGO)
        story = Story(session, cast, _plot(number, clock.now()), clock, sealer)
        case_id, leg_id = await story.leave(eta=now + REACHES_AFTER)
        path = await _ride(session, story, leg_id, now)
        await _receive_later(session, doctor, case_id, now)
    _keep(directory / LINK_FILE, path)
    log.info("demo.journey", case=str(case_id))
    return path


def _plot(number: int, sent_at: datetime) -> Plot:
    return Plot(
        number=700 + number,
        origin=ORIGIN,
        origin_login=f"{ORIGIN.lower()}.doctor",
        receiver=RECEIVER,
        receiver_login=f"{RECEIVER.lower()}.expert",
        redirected_from=None,
        condition="severe_preeclampsia",
        acuity="critical",
        risk_colour="orange",
        age=31,
        gestation_days=34 * 7 + 5,
        postpartum=False,
        sent_at=sent_at,
        acknowledge=timedelta(minutes=2),
        question=False,
        accept=timedelta(minutes=5),
        commit=timedelta(minutes=2),
        ready=timedelta(minutes=8),
        depart=SENT_AGO - FROM_DOOR_TO_NOW - timedelta(minutes=17),
        arrive=timedelta(0),
        hand_over=timedelta(0),
        urgency_class=None,
        decision=timedelta(0),
        incision=timedelta(0),
        birth=timedelta(0),
        close=timedelta(0),
        ending="transferred",
    )


async def _ride(session: AsyncSession, story: Story, leg_id: UUID, now: datetime) -> str:
    """The crew gets its link, measures, and the phone says where it is."""
    await act_as(session, story.origin)
    link = await issue.for_crew(session, story.clock, story.origin, story.sealer, leg_id, CREW)
    unit = FacilityId(link.link.facility_id)
    crew = sessions.holder(link.link.id, "crew", unit, demo=True)
    await session.flush()
    await act_as(session, crew)
    device, step = new_id(), FROM_DOOR_TO_NOW / len(ROAD)
    for number, (latitude, longitude) in enumerate(ROAD, start=1):
        story.clock.advance(step)
        at = min(story.clock.now(), now)
        vitals = {"sbp": 158 - 4 * number, "dbp": 104 - 2 * number, "hr": 92, "spo2": 97}
        entry = CrewEntry(id=new_id(), seq=number, at=at, kind="report", data={"vitals": vitals})
        fix = CrewFix(at=at, latitude=latitude, longitude=longitude, accuracy_m=15)
        order = Sync(device_id=device, now=at, offset_ms=0, entries=[entry], positions=[fix])
        await sync(session, story.clock, crew, order)
        await session.flush()
    return link.path


async def _receive_later(
    session: AsyncSession, doctor: Viewer, case_id: CaseId, now: datetime
) -> None:
    """Arrival, both signatures and the outcome, by colleagues who do not exist."""
    await act_as(session, doctor)
    first = next(n for n, (_, _, act) in enumerate(STEPS) if act.__name__ == "_arrive")
    for number in range(first, len(STEPS)):
        login = STEPS[number][0].replace("lj001", ORIGIN.lower())
        await enqueue(
            session,
            TOPIC,
            {"case_id": str(case_id), "step": number, "login": login},
            key=f"{case_id}/{number}",
            available_at=now + REACHES_AFTER + timedelta(minutes=4 * (number - first)),
        )


def _keep(file: Path, path: str) -> None:
    file.write_text(path + "\n", "utf-8")
    file.chmod(0o600)


def crew_path(directory: Path) -> str | None:
    """The address of the newest journey's crew page, without the host."""
    file = directory / LINK_FILE
    return file.read_text("utf-8").strip() if file.is_file() else None
