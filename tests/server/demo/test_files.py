"""The demo's houses brought their files, without a refused row; its pages show rates of a year."""

from datetime import date, datetime, timedelta

from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality import indicators
from quality.imports.reading import read
from quality.imports.sheets import sheets
from quality.repository import Scope
from quality.schemas import CountValue, ShareValue
from registry.facilities.rules import CHINA, local_date
from server.demo.cast import Cast
from server.demo.files import KINDS, bring_files, files_of, text_of, year_ends
from server.demo.region import PLACES
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32


def test_no_made_up_row_is_refused_or_doubted() -> None:
    today = date(2026, 11, 28)
    for house in PLACES.facilities:
        if house.staff in KINDS:
            for sheet, rows in files_of(house, today):
                found = read(sheets()[sheet], text_of(rows), today)
                assert (found.missing, found.unknown, found.complaints) == ([], [], [])
                assert len(found.rows) == len(rows)
                assert {one.check for one in found.doubts} <= {"loss_without_transfusion"}


def test_years_of_returns_end_in_september_and_december() -> None:
    assert year_ends(date(2026, 11, 28)) == (date(2026, 9, 30), date(2025, 12, 31))
    assert year_ends(date(2026, 9, 30)) == (date(2025, 9, 30), date(2025, 12, 31))


def year_to(last: date) -> Scope:
    """The twelve months that end with a day."""
    end = datetime(last.year, last.month, last.day, tzinfo=CHINA) + timedelta(days=1)
    return Scope(end.replace(year=end.year - 1), end)


async def test_files_are_brought_once_and_answer_for_their_years(database: Clone) -> None:
    clock = SystemClock()
    await seed(database.system, clock, Sealer(MASTER), MASTER, history_days=0)
    today = local_date(clock.now())
    houses = sum(one.staff in KINDS for one in PLACES.facilities)
    assert await bring_files(database.app, today) == houses
    assert await bring_files(database.app, today) == 0
    async with database.system.session(Viewer.system("test")) as session:
        officer = (await Cast.load(session)).at("YL003", "officer")
    of_returns = year_to(year_ends(today)[0])
    lately = Scope(clock.now() - timedelta(days=90), clock.now())
    wanted = {
        "maternal_mortality": of_returns,
        "infant_mortality": of_returns,
        "high_risk_share": of_returns,
        "near_miss_ratio": of_returns,
        "return_managed_rate": of_returns,
        "obstetrician_bed_ratio": of_returns,
        "ob_caesarean_rate": lately,
        "ob_macrosomia_rate": lately,
    }
    async with database.app.session(officer) as session:
        for code, scope in wanted.items():
            found = await indicators.detail(session, scope, "with", code)
            value = found.indicator.value
            assert isinstance(value, ShareValue), code
            assert value.of > 100, code
        beds = (
            await indicators.detail(session, of_returns, "with", "obstetrician_bed_ratio")
        ).indicator
        assert isinstance(beds.value, ShareValue)
        assert beds.value.value is not None
        assert 0.2 < beds.value.value < 0.5
        midwives = (await indicators.detail(session, lately, "with", "midwives")).indicator
        assert isinstance(midwives.value, CountValue)
        assert midwives.value.n > 200
