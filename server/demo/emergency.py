"""The scripted emergency: 演练: 产后出血转诊.

A county doctor who does not exist sends a case; the real on-call list rings. If nobody at a
browser acts, made-up colleagues take the next step after a while, so that one person can watch the
whole road. Each of their steps is an outbox row for a later moment: it survives restarts and
happens once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Refusal
from kernel.ids import CaseId, PregnancyId, RecordingId
from kernel.outbox import OutboxMessage, enqueue
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime.bindings import service as ctg
from referral.commands import on_case, on_leg, on_offer
from referral.commands.fields import Vitals
from referral.commands.sending import SendReferral
from referral.service import accept, answer, arrive, commit, finish, travel
from referral.service.send import send_referral
from registry.facilities.rules import local_date
from registry.observations import service as observations
from registry.pregnancies.schemas import GestationAt, NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from server.demo.cast import Cast
from server.demo.history import CHECKED
from server.demo.readings import before
from server.demo.region import synthetic_name

log = structlog.get_logger()

TOPIC = "demo.step"
ORIGIN, RECEIVER = "LJ001", "YJ001"

_STATE = text(
    """
    SELECT r.version, r.state, o.id AS offer_id, o.state AS offer_state,
           l.id AS leg_id, l.state AS leg_state
      FROM referral r
      LEFT JOIN LATERAL (SELECT id, state FROM offer WHERE case_id = r.id
                          ORDER BY designated DESC, offered_at LIMIT 1) o ON true
      LEFT JOIN LATERAL (SELECT id, state FROM leg WHERE case_id = r.id
                          ORDER BY id DESC LIMIT 1) l ON true
     WHERE r.id = :case_id
    """
)
_LIVE_RECORDING = text(
    "SELECT r.id, r.version FROM ctg_recording r JOIN ctg_device d ON d.id = r.device_id"
    " WHERE d.serial = :serial AND r.closed_at IS NULL ORDER BY r.opened_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Now:
    """The case as a step finds it."""

    case_id: CaseId
    version: int
    state: str
    offer_id: UUID
    offer_state: str
    leg_id: UUID | None
    leg_state: str | None


class Play(msgspec.Struct, frozen=True):
    """A started emergency."""

    case_id: UUID
    autoplay: bool


async def start(
    session: AsyncSession, clock: Clock, sealer: Sealer, doctor: Viewer, *, autoplay: bool
) -> Play:
    """Send the case as the county doctor and put the colleagues' steps on the list."""
    now = clock.now()
    woman = await create_patient_with_pregnancy(
        session,
        clock,
        doctor,
        sealer,
        NewPatient(
            name=synthetic_name(300 + now.second + now.minute),
            age=27,
            pregnancy=NewPregnancy(
                gestation_days_at=GestationAt(days=36 * 7 + 2, at=local_date(now)),
                gravida=2,
                para=1,
                plurality=2,
            ),
        ),
        demo=True,
    )
    case_id = await send_referral(session, clock, doctor, sealer, _order(woman.pregnancy_id, now))
    hers = PregnancyId(woman.pregnancy_id)
    await observations.record(
        session,
        clock,
        doctor,
        pregnancy_id=hers,
        case_id=case_id,
        entries=before(now, bleeding=True),
        drill=True,
    )
    await _bind_monitor(session, clock, doctor, case_id, hers)
    if autoplay:
        await _list_steps(session, case_id, now)
    return Play(case_id, autoplay)


def _order(pregnancy_id: UUID, now: datetime) -> SendReferral:
    return SendReferral(
        pregnancy_id=pregnancy_id,
        subject="mother",
        condition="pph",
        acuity="resuscitation",
        risk_colour="red",
        vitals=Vitals(
            sbp_mmhg=88,
            dbp_mmhg=52,
            hr_per_min=128,
            rr_per_min=24,
            spo2_percent=95,
            blood_loss_ml=1300,
            consciousness="alert",
            taken_at=now,
        ),
        reason="【演练】双胎，第一胎娩出后出血约 1300 mL，第二胎监护中；本院备血不足。",
        consent="emergency_waiver",
        drill=True,
    )


async def _bind_monitor(
    session: AsyncSession, clock: Clock, doctor: Viewer, case_id: CaseId, pregnancy_id: PregnancyId
) -> None:
    """The monitor at the first bed becomes hers, if it is streaming; it may have been another's."""
    row = (await session.execute(_LIVE_RECORDING, {"serial": "SN-LJ001-1"})).first()
    if row is None:
        return
    await ctg.bind(
        session,
        clock,
        doctor,
        RecordingId(row.id),
        pregnancy_id=pregnancy_id,
        case_id=case_id,
        version=row.version,
        reason="【演练】这台监护仪改为下一位演练产妇使用",
    )


async def _list_steps(session: AsyncSession, case_id: CaseId, now: datetime) -> None:
    for number, (_, after_s, _) in enumerate(STEPS):
        await enqueue(
            session,
            TOPIC,
            {"case_id": str(case_id), "step": number},
            key=f"{case_id}/{number}",
            available_at=now + timedelta(seconds=after_s),
        )


class Colleagues:
    """Outbox handler: the next step, unless somebody at a browser was faster."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take_step(self, message: OutboxMessage) -> None:
        """Do what is due; what is no longer possible is left alone."""
        login, _, act = STEPS[message.payload["step"]]
        login = str(message.payload.get("login", login))
        case_id = CaseId(UUID(message.payload["case_id"]))
        async with self._database.session(Viewer.system("demo")) as session:
            viewer = (await Cast.load(session)).viewers[login]
        try:
            async with self._database.session(viewer) as session:
                row = (await session.execute(_STATE, {"case_id": case_id})).one()
                now = Now(case_id, *row)
                await act(session, self._clock, viewer, now)
        except Refusal as refusal:
            log.info("demo.step_left_alone", step=message.payload["step"], code=refusal.code)


Act = Callable[[AsyncSession, Clock, Viewer, Now], Awaitable[None]]


async def _acknowledge(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    order = on_offer.Acknowledge(version=now.version)
    await answer.acknowledge(session, clock, viewer, now.offer_id, order)


async def _accept(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    order = on_offer.Accept(version=now.version, bed="产科 ICU 2 床", neonatal_accepted=True)
    await accept.accept(session, clock, viewer, now.offer_id, order)


async def _commit(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    order = on_case.Commit(version=now.version, offer_id=now.offer_id)
    await commit.take_up(session, clock, viewer, now.case_id, order)


async def _depart(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    if now.leg_id is not None:
        eta = clock.now() + timedelta(minutes=38)
        order = on_leg.Depart(version=now.version, eta=eta, checklist=CHECKED)
        await travel.depart(session, clock, viewer, now.leg_id, order)


async def _arrive(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    if now.leg_id is not None:
        order = on_leg.Arrive(version=now.version)
        await arrive.arrive(session, clock, viewer, now.leg_id, order)


async def _sign(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    if now.leg_id is not None:
        order = on_leg.SignHandover(
            version=now.version,
            condition="神志清，血压 102/60，心率 108，出血减少。",
            drugs="缩宫素、氨甲环酸已用，时间见记录。",
            blood="红细胞 4 U、血浆 400 mL 输注中。",
            documents="病历摘要、检验单、知情同意书。",
        )
        await arrive.sign_handover(session, clock, viewer, now.leg_id, order)


async def _close(session: AsyncSession, clock: Clock, viewer: Viewer, now: Now) -> None:
    order = on_case.Close(
        version=now.version,
        outcome="rescued",
        diagnosis="产后出血（演练）",
        feedback="转诊及时，途中处理规范。",
        timeliness="timely",
    )
    await finish.close(session, clock, viewer, now.case_id, order)


STEPS: tuple[tuple[str, float, Act], ...] = (
    ("yj001.expert", 25, _acknowledge),
    ("yj001.expert", 50, _accept),
    ("lj001.doctor", 65, _commit),
    ("lj001.doctor", 85, _depart),
    ("yj001.expert", 130, _arrive),
    ("lj001.doctor", 145, _sign),
    ("yj001.expert", 155, _sign),
    ("yj001.expert", 180, _close),
)
"""Who does what, how many seconds after the request, if nobody else has."""
