"""C-ECHO and C-STORE (PS3.4 annexes A and B) in front of `arriving.arrive`.

pynetdicom gives each association threads of its own; the work is done on the process's loop. A
success is sent when the file is durable and not before. No query, no retrieval, no printing.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Final
from uuid import UUID

import structlog
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, _config, evt
from pynetdicom.sop_class import Verification
from pynetdicom.transport import ThreadedAssociationServer

from consult.imaging.errors import MachineUnknown, ReaderGone
from consult.imaging.receiving.arriving import arrive
from consult.imaging.receiving.door import Door, Handler, Register
from consult.imaging.taking import Desk
from kernel.errors import Refusal

log = structlog.get_logger()

PREFIX: Final = "imaging."
STORING_S: Final = 60.0
ANSWER_S: Final = 60.0
GREETING_S: Final = 10.0
OUR_PDU: Final = 2**16

# Statuses of C-STORE (PS3.4 table B.2-1); who gets "out of resources" sends again.
SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND, NOT_AUTHORISED = 0x0000, 0xA700, 0xC000, 0x0124

TITLE_UNKNOWN: Final = (0x01, 0x01, 0x03)
"""Rejected for good by the user: calling AE title not recognised (PS3.8 §9.3.4)."""

# How the bytes of pictures and reports may be written; nothing is decoded by the receiver.
SYNTAXES: Final = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101", "1.2.840.10008.1.2.4.102",
    "1.2.840.10008.1.2.4.103", "1.2.840.10008.1.2.4.104", "1.2.840.10008.1.2.4.105",
    "1.2.840.10008.1.2.4.106", "1.2.840.10008.1.2.4.107", "1.2.840.10008.1.2.4.108",
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the receiver listens and how it is called; `ssl` is an `ssl.SSLContext` or None."""

    host: str
    port: int
    ae_title: str
    associations: int
    ssl: Any = None


@dataclass(slots=True)
class Facts:
    """What the receiver did, for its heartbeat."""

    port: int = 0
    answers: Counter[str] = field(default_factory=Counter)


class Receiver:
    """The C-STORE provider. Make it inside the loop that does its work."""

    def __init__(self, desk: Desk, register: Register, where: Listening) -> None:
        logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # it would tell names
        _config.LOG_HANDLER_LEVEL = "none"
        self.facts = Facts()
        self._desk = desk
        self._register = register
        self._loop = asyncio.get_running_loop()
        self._entity = _entity(where)
        self._server: ThreadedAssociationServer = self._entity.make_server(
            (where.host, where.port),
            ssl_context=where.ssl,
            evt_handlers=[
                (evt.EVT_REQUESTED, self._requested),
                (evt.EVT_C_STORE, self._store),
                (evt.EVT_C_ECHO, self._echo),
            ],
            server_class=Door,
            request_handler=Handler,
        )
        self._server.register, self._server.most = register, where.associations
        self.facts.port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take nothing more; who is in the middle of a file sends it again."""
        self._server.shutdown()
        for association in self.associations():
            _end(association)

    def associations(self) -> list[Any]:
        """The threads of those who are there, `pynetdicom.association.Association` each."""
        return list(self._entity.active_associations)

    def _requested(self, event: Any) -> None:
        """A title counts only where its machine calls from."""
        requestor = event.assoc.requestor
        title = requestor.primitive.calling_ae_title
        if self._register.find(title, requestor.address) is None:
            event.assoc.acse.send_reject(*TITLE_UNKNOWN)
            event.assoc.kill()  # when the refusal is out
            self.facts.answers["refused"] += 1
            log.warning("dicom.refused", title=title, address=requestor.address)

    def _echo(self, event: Any) -> int:
        self.facts.answers["echo"] += 1
        return SUCCESS

    def _store(self, event: Any) -> Dataset:
        requestor = event.assoc.requestor
        machine = self._register.find(requestor.ae_title, requestor.address)
        if machine is None:
            return self._answer(NOT_AUTHORISED, MachineUnknown.code)
        try:
            return self._kept(machine.id, event.encoded_dataset())
        finally:
            event.assoc.meter.answered(nothing_waits=event.assoc.dimse.msg_queue.empty())

    def _kept(self, machine_id: UUID, content: bytes) -> Dataset:
        work = asyncio.run_coroutine_threadsafe(arrive(self._desk, machine_id, content), self._loop)
        try:
            new = work.result(STORING_S)
        except MachineUnknown as no:
            return self._answer(NOT_AUTHORISED, no.code)
        except Refusal as no:
            foreign = no.code.startswith(PREFIX) and not isinstance(no, ReaderGone)
            return self._answer(CANNOT_UNDERSTAND if foreign else OUT_OF_RESOURCES, no.code)
        except Exception as error:  # whatever it is, the file was not kept: send it again
            work.cancel()
            log.error("dicom.not_kept", error=type(error).__name__)
            return self._answer(OUT_OF_RESOURCES, type(error).__name__)
        return self._answer(SUCCESS, "kept" if new else "known")

    def _answer(self, status: int, said: str) -> Dataset:
        self.facts.answers[said] += 1
        answer = Dataset()
        answer.Status = status
        if status != SUCCESS:
            answer.ErrorComment = said[:64]
        return answer


def _end(association: Any) -> None:
    """Abort it, or cut the line of one that has asked for nothing yet: in that state PS3.8 (table
    9-10, state 2) knows no abort.
    """
    if association.is_established:
        association.abort()
        return
    association.dul.kill_dul()
    association.dul.to_user_queue.put(None)  # wakes who waits for the request


def _entity(where: Listening) -> Any:
    entity = AE(ae_title=where.ae_title)
    entity.maximum_associations = where.associations
    entity.maximum_pdu_size = OUR_PDU
    entity.require_called_aet = True
    entity.acse_timeout = GREETING_S
    entity.dimse_timeout = entity.network_timeout = ANSWER_S
    entity.add_supported_context(Verification)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, list(SYNTAXES))
    return entity
