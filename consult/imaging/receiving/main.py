"""The process `yunshang dicom`: a register that is read anew, and the receiver."""

import asyncio
import ipaddress
from typing import Final

import structlog

from consult.imaging.receiving.arriving import PROCESS
from consult.imaging.receiving.dimse import Listening, Receiver
from consult.imaging.receiving.door import Machine, Register
from consult.imaging.receiving.models import MachineRow
from consult.imaging.receiving.repository import MachineRepository
from consult.imaging.taking import Desk
from kernel.errors import Unavailable

log = structlog.get_logger()

REFRESH_S: Final = 2.0


async def run(desk: Desk, where: Listening, facts: dict[str, object]) -> None:
    """Receive until cancelled; `facts` is what the heartbeat tells."""
    register = Register()
    await refresh(desk, register)
    receiver = Receiver(desk, register, where)
    log.info("dicom.listening", host=where.host, port=receiver.facts.port, title=where.ae_title)
    try:
        while True:
            facts.update(port=receiver.facts.port, answers=dict(receiver.facts.answers))
            await asyncio.sleep(REFRESH_S)
            await refresh(desk, register)
    finally:
        await asyncio.to_thread(receiver.close)
        desk.box.close()
        await desk.database.close()


async def refresh(desk: Desk, register: Register) -> None:
    """Read who may send; without a database the last answer stands, and nothing is kept."""
    try:
        async with desk.database.session(PROCESS) as session:
            rows = await MachineRepository(session, PROCESS).may_send()
    except Unavailable:
        log.warning("dicom.no_database")
        return
    register.replace([_known(row) for row in rows])


def _known(row: MachineRow) -> Machine:
    networks = tuple(ipaddress.ip_network(one) for one in row.networks)
    return Machine(row.id, row.ae_title, networks)
