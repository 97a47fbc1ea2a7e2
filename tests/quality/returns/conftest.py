"""A desk of the network where forms are filled in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from kernel.ids import CaseId
from quality.handbook import versions
from quality.obligations import queries as obligations
from quality.obligations.schemas import ObligationBoard
from quality.returns import queries, service
from quality.returns.forms import FORMS
from quality.returns.pulling import Puller
from quality.returns.schemas import (
    Cell,
    MoveReturn,
    OpenReturn,
    ReopenReturn,
    ReturnDetail,
    StateAnswers,
    Statement,
    TableRow,
)
from tests.fixtures.database import Clone
from tests.referral.network import SEALER, SEEDER, Network, build

HOUSE = "county_doctor"


@dataclass(slots=True)
class Desk:
    """Everybody's commands on returns, at the network's clock."""

    net: Network

    def puller(self, by: str) -> Puller:
        return Puller(self.net.clock, self.net.staff[by], SEALER)

    async def begin(self, form: str, period: str, by: str = HOUSE) -> UUID:
        viewer = self.net.staff[by]
        order = OpenReturn(form=form, period=period)
        async with self.net.clone.app.session(viewer) as session:
            return await service.open_return(session, self.net.clock, viewer, order)

    async def look(self, return_id: UUID, by: str = HOUSE) -> ReturnDetail:
        async with self.net.clone.app.session(self.net.staff[by]) as session:
            return await queries.one(session, self.puller(by), return_id)

    async def state(self, return_id: UUID, *said: Statement, by: str = HOUSE) -> None:
        viewer, seen = self.net.staff[by], await self.look(return_id, by)
        order = StateAnswers(version=seen.quality_return.version, statements=list(said))
        async with self.net.clone.app.session(viewer) as session:
            await service.state_answers(session, self.net.clock, viewer, return_id, order)

    async def fill(self, return_id: UUID, by: str = HOUSE, share: float = 1.0) -> None:
        """State everything that is asked; of points, this share."""
        form = FORMS[(await self.look(return_id, by)).quality_return.form]
        said = []
        for item in form.items():
            more: dict[str, Any] = {}
            if item.points is not None:
                more["points"] = item.points * share
            if item.ask == "text":
                more["text"] = f"已落实：{item.zh}"
            elif item.ask == "date":
                more["text"] = "2026-11-20"
            elif item.ask == "table":
                cells = [Cell(column=one.code, value=one.zh) for one in item.columns]
                more["rows"] = [TableRow(cells=cells)]
            if more:
                said.append(Statement(item=item.code, **more))
        if said:
            await self.state(return_id, *said, by=by)

    async def move(self, what: str, return_id: UUID, by: str = HOUSE, **fields: Any) -> None:
        viewer = self.net.staff[by]
        version = fields.pop("version", None)
        if version is None:
            version = (await self.look(return_id, by)).quality_return.version
        async with self.net.clone.app.session(viewer) as session:
            if what == "submit":
                order = MoveReturn(version=version)
                await service.submit(
                    session, self.net.clock, viewer, self.puller(by), return_id, order
                )
            elif what == "reopen":
                again = ReopenReturn(version=version, **fields)
                await service.reopen(session, self.net.clock, viewer, return_id, again)
            else:
                order = MoveReturn(version=version)
                await service.withdraw(session, self.net.clock, viewer, return_id, order)

    async def board(self, by: str = HOUSE) -> ObligationBoard:
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await obligations.board(session, self.net.clock, viewer)

    async def kinds(self, record_id: UUID) -> list[str]:
        return await self.net.kinds(CaseId(record_id))


@pytest.fixture
async def net(database: Clone) -> Network:
    """A network of each test's own: time moves, and a form stands once a period."""
    return await build(database)


@pytest.fixture
async def desk(net: Network) -> Desk:
    async with net.clone.system.session(SEEDER) as session:
        await versions.install_shipped(session)
    return Desk(net)
