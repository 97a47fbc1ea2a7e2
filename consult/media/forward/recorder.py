"""Whether a room is recorded now: only while everybody who is in it has agreed.

Somebody who comes without having agreed stops it before they are heard, by no other word than
their coming; so does a list of those who agreed that is shorter than before, or that can no longer
be read. What stops it for one stops it for all: a microphone hears whoever speaks in the room, and
a shared screen may show a face.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from consult.media.engine import Recording, Source
from consult.media.forward import messages as said
from consult.media.forward.disk import Disk, Sheet
from consult.media.forward.inbound import Publication
from consult.media.forward.tape import Tape
from consult.media.recording.shelf import Label
from kernel.clock import Clock

Key = tuple[UUID, Source]


class Recorder:
    """The tapes of one room.

    Args:
        disk: None where this worker has none: what is asked then fails, and is said to.
    """

    def __init__(self, clock: Clock, disk: Disk | None) -> None:
        self.asked: Recording | None = None
        """What is wished; `look` does it."""
        self.writing: UUID | None = None
        """The recording that is being written at this moment."""
        self._clock = clock
        self._disk = disk
        self._tapes: dict[Key, Tape] = {}
        self._state = said.Recording(id=None, running=False, failed=False, waits_for=())

    def look(self, people: Collection[UUID], publications: Mapping[Key, Publication]) -> bool:
        """Begin, go on or stop as it must be now; whether anything changed for the people.

        Call at once when anybody or anything comes or goes, and every second.
        """
        before, wanted = self._state, self.asked.id if self.asked else None
        failed = wanted is not None and (
            self._disk is None
            or (before.failed and before.id == wanted)
            or any(tape.broken for tape in self._tapes.values())
        )
        missing = frozenset(people) - self.asked.agreed if self.asked else frozenset()
        may = bool(wanted and people and not missing and not failed)
        if self.writing != (wanted if may else None):
            self._stop()
            self.writing = wanted if may else None
        self._follow(publications)
        self._state = said.Recording(
            id=wanted, running=may, failed=failed, waits_for=tuple(sorted(missing))
        )
        return before != self._state

    def tick(self, at: float) -> None:
        """Every second."""
        for tape in self._tapes.values():
            tape.tick(at)

    def said(self) -> said.Recording:
        """How it stands, for the pages."""
        return self._state

    def _follow(self, publications: Mapping[Key, Publication]) -> None:
        for key, tape in list(self._tapes.items()):
            if publications.get(key) is not tape.publication:
                self._tapes.pop(key).close()
        if self.writing is None or self._disk is None:
            return
        for key, publication in publications.items():
            if key not in self._tapes:
                begin = partial(self._begin, self._disk, self.writing, key)
                self._tapes[key] = Tape(publication, begin)

    def _stop(self) -> None:
        for tape in self._tapes.values():
            tape.close()
        self._tapes.clear()

    def _begin(self, disk: Disk, recording_id: UUID, key: Key, at: float) -> Sheet:
        participant, source = key
        began_at = self._clock.now() - timedelta(seconds=time.monotonic() - at)
        return disk.begin(Label(recording_id, participant, source, began_at))
