"""Case files of the demo region, in every state, told through the commands that people use.

Each file is one transaction in which one person after the other acts at a clock of the past. The
engine leaves made-up time alone, so what fell due is told here too, as it would have told it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.ids import CaseId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles import commands, timers
from referral.casefiles.service import ending, followup, handover, opening, plan, report
from referral.commands.fields import Vitals
from registry.facilities.rules import local_date
from registry.pregnancies.schemas import GestationAt, NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from registry.risk import service as risk
from registry.risk.rulesets import Colour
from registry.risk.schemas import OverrideGrade
from server.demo.cast import Cast
from server.demo.home import lend
from server.demo.region import synthetic_name

log = structlog.get_logger()

CLAIM = text(
    "INSERT INTO idempotency_key (account_id, key, fingerprint)"
    " VALUES (:account, :key, '\\x') ON CONFLICT DO NOTHING RETURNING key"
)
_VERSION = text("SELECT version FROM case_file WHERE id = :id")
_PART = {
    "report": text("SELECT id FROM case_file_report WHERE case_id = :id ORDER BY no DESC LIMIT 1"),
    "handover": text(
        "SELECT id FROM case_file_handover WHERE case_id = :id ORDER BY proposed_at DESC LIMIT 1"
    ),
}
_TOLD = text("SELECT id FROM case_file WHERE demo AND simulated AND state <> 'closed'")
NAMES_FROM = 420
"""Where the women of case files begin among the made-up names."""

PLAN = {
    "management": "每周产检一次并电话随访；家属学会测血压，每日早晚各一次；出现头痛、视物模糊、"
    "上腹痛或胎动减少立即就诊。",
    "treatment": "拉贝洛尔 100 mg 每 8 小时一次，目标血压 130–150/80–100 mmHg；每周复查尿蛋白、"
    "血小板、肝肾功能；34 周前完成促胎肺成熟评估。",
    "emergency": "收缩压 ≥160 mmHg 或抽搐：就地硫酸镁与降压，同时呼叫 120 和上级中心，直送市妇幼；"
    "联系电话见值班表，预留产科 ICU。",
}
REVISED = {**PLAN, "treatment": PLAN["treatment"].replace("100 mg", "150 mg")}


@dataclass(slots=True)
class FileStory:
    """One file while it is told."""

    session: AsyncSession
    cast: Cast
    clock: SimulatedClock
    sealer: Sealer
    number: int
    _case_id: CaseId | None = None
    _pregnancy_id: PregnancyId | None = None

    @property
    def case_id(self) -> CaseId:
        """The file, once it is open."""
        if self._case_id is None:
            raise RuntimeError("the story has not begun")
        return self._case_id

    async def _as(self, login: str, **after: float) -> Viewer:
        viewer = self.cast.viewers[login]
        self.clock.advance(timedelta(**after))
        await self.session.flush()  # what the last one did must be visible to the next one's rules
        await act_as(self.session, viewer)
        return viewer

    async def open(
        self,
        login: str,
        colour: str,
        *,
        purple: bool = False,
        weeks: int = 30,
        by_hand: bool = False,
    ) -> None:
        """She is registered and graded; the file opens."""
        viewer = await self._as(login)
        today = local_date(self.clock.now())
        woman = await create_patient_with_pregnancy(
            self.session,
            self.clock,
            viewer,
            self.sealer,
            NewPatient(
                name=synthetic_name(NAMES_FROM + self.number),
                age=26 + self.number * 2,
                pregnancy=NewPregnancy(
                    gestation_days_at=GestationAt(days=weeks * 7 + self.number % 7, at=today),
                    gravida=2,
                    para=1,
                ),
            ),
            demo=True,
        )
        self._pregnancy_id = PregnancyId(woman.pregnancy_id)
        if by_hand:
            order = commands.OpenFile(
                pregnancy_id=woman.pregnancy_id,
                reason="筛查阳性，村医上报；乡镇先行专人管理，待县级评估。",
                colour=colour,  # type: ignore[arg-type]
                purple=purple,
            )
            self._case_id = await opening.open_by_hand(self.session, self.clock, viewer, order)
            return
        pregnancy = self._pregnancy_id
        reason = "产检资料由医师复核后判定（演示）。"
        said = OverrideGrade(colour=Colour(colour), purple=purple, reason=reason)
        row = await risk.override(self.session, self.clock, viewer, pregnancy, said)
        grade = opening.Grade(
            pregnancy_id=pregnancy,
            facility_id=viewer.facility_id,
            colour=colour,
            purple=purple,
            confirmed_by=viewer.person_id,
            grade_id=row.id,
            demo=True,
        )
        opened = await opening.open_by_grade(self.session, self.clock, viewer, grade)
        if opened is None:
            raise RuntimeError("this colour opens no file")
        self._case_id = opened

    async def act(
        self,
        login: str,
        command: Callable[..., Awaitable[CaseId]],
        order: type[Any],
        *,
        on: str | None = None,
        after: float = 0.2,
        **fields: object,
    ) -> None:
        """One command at the version that `login` sees, `after` hours later."""
        viewer = await self._as(login, hours=after)
        ids = {"id": self.case_id}
        version = int((await self.session.execute(_VERSION, ids)).scalar_one())
        target = self.case_id
        if on is not None:
            target = CaseId(UUID(str((await self.session.execute(_PART[on], ids)).scalar_one())))
        await command(self.session, self.clock, viewer, target, order(version=version, **fields))

    async def report(self, login: str, *, received_by: str | None = None) -> None:
        """The form is handed in, and received."""
        await self.act(
            login,
            report.submit_report,
            commands.SubmitReport,
            on="report",
            factors="慢性高血压并发子痫前期；既往剖宫产一次。",
            handling="已告知风险，安排上级中心产检，每周随访。",
        )
        if received_by is not None:
            await self.act(
                received_by, report.receive_report, commands.ReceiveReport, on="report", after=2
            )

    async def agree(
        self, owner: str, upper: str | None, parts: Mapping[str, str] = PLAN, no: int = 1
    ) -> None:
        """The plan is written and signed by the owner, and by the upper centre where one signs."""
        draft: dict[str, Any] = dict(parts)
        await self.act(owner, plan.draft_plan, commands.DraftPlan, after=1, **draft)
        for login in (owner, upper):
            if login is not None:
                await self.act(login, plan.sign_plan, commands.SignPlan, plan_no=no, password="-")  # noqa: S106

    async def visit(self, login: str, *, days: float, sbp: int, dbp: int) -> None:
        """She is seen, face to face."""
        await self.act(
            login,
            followup.follow_up,
            commands.FollowUp,
            after=days * 24,
            way="face_to_face",
            place="产科门诊",
            vitals=Vitals(sbp_mmhg=sbp, dbp_mmhg=dbp, hr_per_min=86, fhr_bpm=142),
            fetal_movement="normal",
            oedema="mild",
            adherence="good",
            findings="无头痛及视物模糊，双下肢轻度水肿，胎动好。",
            advice="继续降压治疗，低盐饮食，每日自测血压并记录；如有不适随时来院。",
        )

    async def measured_at_home(self, login: str) -> None:
        """Six evenings of her own blood pressure and her child's heart."""
        if self._pregnancy_id is None:
            raise RuntimeError("the story has not begun")
        viewer = await self._as(login, hours=1)
        await lend(self.session, self.clock, viewer, self._pregnancy_id, self.number)


DOCTOR, EXPERT, TOWNSHIP = "lj001.doctor", "lj001.expert", "lj101.doctor"
CENTRE, COUNTY = "yj001.expert", "lj002.coordinator"


async def _overdue(story: FileStory) -> None:
    """Agreed, seen once; the next visit is late and has reached the county centre."""
    await story.open(DOCTOR, "red", weeks=29)
    await story.report(DOCTOR, received_by=COUNTY)
    await story.agree(DOCTOR, CENTRE)
    await story.visit(DOCTOR, days=2, sbp=148, dbp=96)
    await story.measured_at_home(DOCTOR)


async def _fresh(story: FileStory) -> None:
    """Just opened: the report clock runs, no plan yet."""
    await story.open(DOCTOR, "red", weeks=33)


async def _signing(story: FileStory) -> None:
    """Written by the township, remarked on by the centre; the centre has not signed."""
    await story.open(TOWNSHIP, "orange", purple=True, weeks=24, by_hand=True)
    await story.report(TOWNSHIP)
    await story.agree(TOWNSHIP, None)
    words = "建议加用小剂量阿司匹林，并补充一次 24 小时尿蛋白定量。"
    await story.act(CENTRE, plan.comment_plan, commands.CommentPlan, after=2, text=words)


async def _asked(story: FileStory) -> None:
    """Agreed in two versions; the city is asked to take over."""
    await story.open(EXPERT, "orange", weeks=31)
    await story.report(EXPERT, received_by=COUNTY)
    await story.agree(EXPERT, CENTRE)
    await story.visit(EXPERT, days=5, sbp=156, dbp=102)
    await story.agree(EXPERT, CENTRE, REVISED, no=2)
    await story.act(
        EXPERT,
        handover.propose_handover,
        commands.ProposeHandover,
        after=2,
        facility_id=story.cast.facilities["YJ001"],
        reason="血压控制不佳，需市级中心管理并评估终止妊娠时机。",
    )


async def _taken(story: FileStory) -> None:
    """From the township to the county, by name."""
    await story.open(TOWNSHIP, "orange", weeks=27, by_hand=True)
    await story.report(TOWNSHIP, received_by=COUNTY)
    await story.act(
        TOWNSHIP,
        handover.propose_handover,
        commands.ProposeHandover,
        facility_id=story.cast.facilities["LJ001"],
        reason="乡镇不具备管理条件。",
    )
    await story.act(
        DOCTOR, handover.accept_handover, commands.AcceptHandover, on="handover", after=5
    )
    await story.agree(DOCTOR, CENTRE)


async def _closed(story: FileStory) -> None:
    """Delivered, seen 42 days later, closed."""
    await story.open(DOCTOR, "orange", purple=True, weeks=38)
    await story.report(DOCTOR, received_by=COUNTY)
    await story.agree(DOCTOR, CENTRE)
    delivered = local_date(story.clock.now()) + timedelta(days=7)
    await story.visit(DOCTOR, days=6, sbp=138, dbp=88)
    await story.visit(DOCTOR, days=42, sbp=122, dbp=78)
    await story.act(
        DOCTOR,
        ending.close_file,
        commands.CloseFile,
        outcome="postpartum_42d",
        reason="产后 42 天访视完成，血压正常，转常规管理。",
        delivered_at=delivered,
        delivered_place="云江市妇幼保健院",
        delivery_way="caesarean",
        maternal="well",
        neonatal="alive_well",
    )


STORIES: tuple[tuple[Callable[[FileStory], Awaitable[None]], str, timedelta], ...] = (
    (_overdue, DOCTOR, timedelta(days=13)),
    (_fresh, DOCTOR, timedelta(hours=5)),
    (_signing, TOWNSHIP, timedelta(days=1, hours=2)),
    (_asked, EXPERT, timedelta(days=8)),
    (_taken, TOWNSHIP, timedelta(days=4)),
    (_closed, DOCTOR, timedelta(days=60)),
)


async def tell_files(database: Database, now: datetime, sealer: Sealer) -> int:
    """Tell every file that has not been told yet; how many there were."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    told = 0
    for number, (tell, login, ago) in enumerate(STORIES):
        viewer = cast.viewers[login]
        async with database.session(viewer) as session:
            key = {"account": viewer.account_id, "key": f"demo-file-{number}"}
            if (await session.execute(CLAIM, key)).first() is None:
                continue
            await tell(FileStory(session, cast, SimulatedClock(now - ago), sealer, number))
        told += 1
    log.info("demo.case_files", files=told)
    return told


async def tell_overdue(database: Database, now: datetime) -> None:
    """What fell due in told files climbs, as the engine lets it climb in living ones."""
    async with database.session(timers.ENGINE) as session:
        files = list((await session.execute(_TOLD)).scalars())
    for case_id in files:
        async with database.session(timers.ENGINE) as session:
            await timers.run_file(session, SimulatedClock(now), case_id)
