"""The demo has one journey under way, with a crew that came by a link; never two."""

from pathlib import Path

from sqlalchemy import text

from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.journey import crew_path, tell_journey
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32
_STEPS = text("SELECT count(*) FROM outbox WHERE topic = 'demo.step'")


async def test_one_is_under_way(database: Clone, tmp_path: Path) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    assert crew_path(tmp_path) is None
    path = await tell_journey(database.app, clock.now(), sealer, tmp_path)
    assert path is not None
    assert path.startswith("/crew#")
    assert crew_path(tmp_path) == path
    assert await tell_journey(database.app, clock.now(), sealer, tmp_path) is None
    async with database.system.session(Viewer.system("test")) as session:
        legs = await session.execute(text("SELECT state, estimated_eta FROM leg"))
        assert [(row.state, row.estimated_eta is not None) for row in legs] == [("departed", True)]
        entries = await session.execute(text("SELECT status FROM crew_entry ORDER BY seq"))
        assert list(entries.scalars()) == ["applied"] * 3
        assert (await session.execute(_STEPS)).scalar_one() == 4
    async with database.system.session(Viewer.system("test")) as session:
        report = verify(await read_export(session))
        assert report.ok, report.findings[:3]
