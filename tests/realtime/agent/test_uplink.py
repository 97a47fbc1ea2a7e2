"""The centre's side of the protocol against the server's own session, without a socket."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frames
from realtime.agent.buffer import Kept
from realtime.agent.samples import SILENT, build_frame
from realtime.agent.uplink import Acked, ClockRead, Closed, Opened, Refused, Uplink
from realtime.resume import Progress
from realtime.session import Ending, IngestSession, Opening, Reply, TimeAsked, time_reply


class Centre:
    """One recording on an uplink, and a server that keeps what it was sent."""

    def __init__(self, last_seq: int) -> None:
        self.kept = Kept(uuid4(), "SN-1", "1", ("fhr1",), 1_700_000_000 * 10**9, last_seq)
        self.bodies = {seq: self._body(seq) for seq in range(1, last_seq + 1)}
        self.uplink = Uplink()
        self.uplink.know(self.kept)
        self.stored: dict[UUID, Progress] = {}

    @staticmethod
    def _body(seq: int) -> bytes:
        return build_frame(SILENT, seq=seq, device_ns=seq, flags=0)

    def grow(self, seconds: int) -> None:
        for _ in range(seconds):
            self.kept.last_seq += 1
            self.bodies[self.kept.last_seq] = self._body(self.kept.last_seq)

    def connect(self) -> IngestSession:
        self.uplink.connected()
        return IngestSession()

    def talk(self, session: IngestSession, now_s: float = 0.0) -> list[object]:
        """Texts one way, answers the other."""
        events: list[object] = []
        for text in self.uplink.step(now_s):
            for event in session.receive_text(text.encode()):
                answer = b""
                if isinstance(event, Opening):
                    recording = event.stream.opening.recording
                    progress = self.stored.setdefault(recording, Progress(recording, [], []))
                    answer = session.opened(event.stream, progress)
                elif isinstance(event, Ending):
                    answer = session.closed(event.stream)
                elif isinstance(event, Reply):
                    answer = event.text
                events += self.uplink.receive_text(answer, 0, now_s)
        return events

    def send(self, session: IngestSession, room: int) -> int:
        """One wish; how many frames went."""
        wish = self.uplink.wish(room)
        if wish is None:
            return 0
        there = [
            (seq, self.bodies[seq])
            for seq in range(wish.first, wish.last + 1)
            if seq in self.bodies
        ][: wish.limit]
        packed = self.uplink.pack(wish, there)
        batch = session.receive_binary(frames.build_bundle(packed))
        assert batch.hangup is None
        for stream, _, _ in batch.accepted:
            assert stream.progress is not None
            session.durable(stream, stream.progress.next_seq - 1)
        return len(packed)

    def acks(self, session: IngestSession) -> list[object]:
        ack = session.take_acks(0.0)
        return [] if ack is None else list(self.uplink.receive_binary(ack))


def test_what_is_new_goes_before_what_is_old() -> None:
    centre = Centre(1_000)
    session = centre.connect()
    assert centre.talk(session) == [Opened(centre.kept.id, 0)]
    centre.grow(2)
    wish = centre.uplink.wish(512)
    assert wish is not None
    assert (wish.first, wish.last) == (1_001, 1_002)
    assert centre.send(session, 512) == 2
    assert centre.acks(session) == []
    while centre.send(session, 512):
        pass
    assert centre.acks(session) == [Acked(centre.kept.id, 1_002)]


def test_it_closes_when_all_is_acknowledged_and_not_before() -> None:
    centre = Centre(5)
    session = centre.connect()
    centre.talk(session)
    centre.kept.ended = True
    assert centre.talk(session) == []
    centre.send(session, 512)
    centre.acks(session)
    assert centre.talk(session) == [Closed(centre.kept.id)]
    assert centre.uplink.lines == {}


def test_old_seconds_in_flight_are_bounded() -> None:
    centre = Centre(10_000)
    session = centre.connect()
    centre.talk(session)
    sent = 0
    while n := centre.send(session, 512):
        sent += n
    assert sent == 2_048
    centre.acks(session)
    assert centre.send(session, 512) == 512


@pytest.mark.parametrize(
    ("code", "wait_s"), [("ctg.storage_unavailable", 2), ("ctg.device_unknown", 60)]
)
def test_a_refusal_is_tried_again_and_nothing_is_thrown_away(code: str, wait_s: int) -> None:
    centre = Centre(5)
    centre.connect()
    (opening,) = centre.uplink.step(0.0)
    refused = {"type": "refused", "stream": msgspec.json.decode(opening)["stream"], "code": code}
    told = centre.uplink.receive_text(msgspec.json.encode(refused), 0, 0.0)
    assert told == [Refused(centre.kept.id, code)]
    assert centre.uplink.step(wait_s - 0.1) == []
    assert len(centre.uplink.step(wait_s)) == 1
    assert centre.uplink.lines[centre.kept.id].code == code


def test_running_recordings_get_a_number_before_those_that_ended() -> None:
    uplink = Uplink()
    for n in range(70):
        uplink.know(Kept(uuid4(), f"SN-{n}", "", ("fhr1",), 0, 5, ended=n < 69))
    uplink.connected()
    opened = [msgspec.json.decode(text)["device"] for text in uplink.step(0.0)]
    assert len(opened) == 64
    assert opened[0] == "SN-69"


def test_clocks_are_exchanged_by_four_moments() -> None:
    uplink = Uplink()
    session = IngestSession()
    (asked,) = session.receive_text(uplink.time_text(1_000).encode())
    assert isinstance(asked, TimeAsked)
    told = uplink.receive_text(time_reply(asked.t1, 6_100, 6_200), 1_500, 0.0)
    assert told == [ClockRead(offset_ns=4_900, rtt_ns=400)]
    (again,) = session.receive_text(uplink.time_text(2_000).encode())
    assert isinstance(again, TimeAsked)
    assert (again.offset_ns, again.rtt_ns) == (4_900, 400)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60), st.booleans()), max_size=12))
def test_whatever_is_cut_everything_arrives_once(steps: list[tuple[int, int, bool]]) -> None:
    centre = Centre(30)
    session = centre.connect()
    centre.talk(session)
    for grow, room, cut in steps:
        centre.grow(grow)
        centre.send(session, room)
        if cut:  # acknowledgements on their way are lost
            session = centre.connect()
            centre.talk(session)
        else:
            centre.acks(session)
    while centre.send(session, 512):
        pass
    centre.acks(session)
    assert centre.stored[centre.kept.id].next_seq == centre.kept.last_seq + 1
    assert centre.kept.acked == centre.kept.last_seq
