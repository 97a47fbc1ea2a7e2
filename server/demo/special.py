"""Special-population lists of the demo's county MCH institution: last month's and this month's."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles.commands import AddSpecial, SpecialCell, SpecialChosen, SubmitSpecial
from referral.casefiles.service import special
from registry.facilities.rules import local_date
from registry.pregnancies.schemas import GestationAt, NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast
from server.demo.region import synthetic_name

log = structlog.get_logger()

KEEPER = "lj002.midwife"
"""The demo login that holds the permission."""

WOMEN = (
    (17, ("minor", "unmarried"), "每两周入户一次，已联系学校与监护人。"),
    (29, ("mental",), "病情缓解期，精神科联合随访，按时服药。"),
    (34, ("migrant", "hidden"), "首次建册孕 26 周，已补做筛查。"),
)
NAMES_FROM = 440


async def tell_special(database: Database, now: datetime, sealer: Sealer) -> bool:
    """Last month's list handed in, this month's begun; False if it was told before."""
    async with database.session(Viewer.system("demo")) as session:
        keeper = (await Cast.load(session)).viewers[KEEPER]
    async with database.session(keeper) as session:
        key = {"account": keeper.account_id, "key": "demo-special"}
        if (await session.execute(CLAIM, key)).first() is None:
            return False
        first = local_date(now).replace(day=1)
        before = SimulatedClock(now - timedelta(days=(local_date(now) - first).days + 3))
        list_id = None
        for number, (age, codes, note) in enumerate(WOMEN):
            woman = await _woman(session, before, keeper, sealer, number, age)
            for clock in (before, SimulatedClock(now)):
                if clock is not before and number == 0:
                    continue  # a line that only last month's list has
                order = AddSpecial(
                    pregnancy_id=woman.pregnancy_id,
                    month=f"{local_date(clock.now()):%Y-%m}",
                    categories=[SpecialChosen(code=code) for code in codes],
                    cells=[
                        SpecialCell(code="residence", value="柳塘镇（演示）"),
                        SpecialCell(code="follow_up", value=note),
                    ],
                )
                kept = await special.add_special(session, clock, keeper, sealer, order)
                list_id = kept if clock is before else list_id
        assert list_id is not None  # noqa: S101  (there are women)
        submit = SubmitSpecial(version=1)
        await special.submit_special(session, before, keeper, sealer, list_id, submit)
    log.info("demo.special_population", women=len(WOMEN))
    return True


async def _woman(  # type: ignore[no-untyped-def]
    session: AsyncSession,
    clock: SimulatedClock,
    keeper: Viewer,
    sealer: Sealer,
    number: int,
    age: int,
):
    new = NewPatient(
        name=synthetic_name(NAMES_FROM + number),
        age=age,
        pregnancy=NewPregnancy(
            gestation_days_at=GestationAt(days=170 + number * 16, at=local_date(clock.now()))
        ),
    )
    return await create_patient_with_pregnancy(session, clock, keeper, sealer, new, demo=True)
