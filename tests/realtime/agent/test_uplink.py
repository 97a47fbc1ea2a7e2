"""The centre's side of the protocol against the server's own session, without a socket."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frames
from realtime.agent.buffer import Kept
from realtime.agent.samples import SILENT, build_frame
from realtime.agent.uplink import ANSWER_S, Acked, ClockRead, Closed, Opened, Refused, Uplink, Wrong
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
        for stream in batch.streams:
            assert stream.progress is not None
            session.durable(stream, stream.progress.next_seq - 1)
        return len(packed)

    def acks(self, session: IngestSession) -> list[object]:
        ack = session.take_acks()
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


@pytest.mark.parametrize(
    ("started_ns", "said"),
    [
        (-1, "1970-01-01T00:00:00Z"),
        (2**63 - 1, "1970-01-01T00:00:00Z"),
        (253_402_300_800 * 10**9, "1970-01-01T00:00:00Z"),
        (-(2**62), "1970-01-01T00:00:00Z"),
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456Z"),
    ],
)
def test_a_recording_that_no_date_has_is_opened_with_one_nobody_takes_for_true(
    started_ns: int, said: str
) -> None:
    uplink = Uplink()
    uplink.know(Kept(uuid4(), "SN-1", "", ("fhr1",), started_ns, 5))
    (opening,) = uplink.step(0.0)
    assert msgspec.json.decode(opening)["started_at"] == said


@pytest.mark.parametrize("t2", [-1, 2**63, 10**30])
def test_a_server_whose_clock_cannot_be_is_not_believed_and_the_next_exchange_is_asked(
    t2: int,
) -> None:
    uplink = Uplink()
    uplink.time_text(5)
    answer = json.dumps({"type": "time", "t1": 5, "t2": t2, "t3": t2})
    with pytest.raises(Wrong):
        uplink.receive_text(answer, 6, 0.0)
    assert "offset_ns" not in uplink.time_text(7)


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
    for t1, t4 in ((1_001, 1_500), (1_000, 3_600 * 10**9), (1_000, -(10**9))):  # foreign, or set
        assert uplink.receive_text(time_reply(t1, 6_100, 6_200), t4, 0.0) == []
        (asked,) = session.receive_text(uplink.time_text(1_000).encode())
        assert isinstance(asked, TimeAsked)
    told = uplink.receive_text(time_reply(asked.t1, 6_100, 6_200), 1_500, 0.0)
    assert told == [ClockRead(offset_ns=4_900, rtt_ns=400)]
    (again,) = session.receive_text(uplink.time_text(2_000).encode())
    assert isinstance(again, TimeAsked)
    assert (again.offset_ns, again.rtt_ns) == (4_900, 400)


ABSURD = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"7",
    b"[" * 5_000,
    b'{"type":"opened","stream":[]}',
    b'{"type":"opened","stream":1}',
    b'{"type":"opened","stream":1,"next_seq":null}',
    b'{"type":"opened","stream":1,"next_seq":0}',
    b'{"type":"opened","stream":1,"next_seq":4294967296}',
    b'{"type":"opened","stream":1,"next_seq":6}',
    b'{"type":"closed","stream":1}',
    b'{"type":"time","t1":"x","t2":0,"t3":0}',
    b'{"type":"time","t1":1e999,"t2":0,"t3":0}',
]


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("said", ABSURD, ids=range(len(ABSURD)))
def test_what_no_gateway_says_is_not_believed(said: bytes, opened: bool) -> None:
    centre = Centre(0)
    session = centre.connect()
    if opened:
        centre.talk(session)
    else:
        centre.uplink.step(0.0)
    centre.grow(5)
    with pytest.raises(Wrong):
        centre.uplink.receive_text(said, 0, 0.0)
    assert centre.kept.acked == 0
    assert centre.kept.id in centre.uplink.lines


@pytest.mark.parametrize("sent", [0, 3])
@pytest.mark.parametrize("beyond", [1, 2, 10**6])
def test_an_acknowledgement_of_what_was_not_sent_is_not_believed(sent: int, beyond: int) -> None:
    centre = Centre(10)
    session = centre.connect()
    centre.talk(session)
    if sent:
        centre.send(session, sent)
    with pytest.raises(Wrong):
        centre.uplink.receive_binary(frames.build_ack([(1, sent + beyond)]))
    assert centre.kept.acked == 0


def test_new_seconds_behind_a_hole_are_not_acknowledged_by_their_number() -> None:
    centre = Centre(10)
    session = centre.connect()
    centre.talk(session)
    centre.grow(1)
    assert centre.send(session, 512) == 1  # the 11th, before the ten old ones
    with pytest.raises(Wrong):
        centre.uplink.receive_binary(frames.build_ack([(1, 11)]))
    centre.uplink.declare(centre.kept.id, 1, 10)
    assert centre.uplink.receive_binary(frames.build_ack([(1, 11)])) == [Acked(centre.kept.id, 11)]


@pytest.mark.parametrize("data", [b"", b"\x01\x02", b"\x01\x02\x05\x00", b"\x09" * 80])
def test_bytes_that_are_no_acknowledgement_are_wrong(data: bytes) -> None:
    with pytest.raises(Wrong):
        Uplink().receive_binary(data)


def test_an_opening_without_an_answer_is_not_waited_for() -> None:
    centre = Centre(5)
    centre.connect()
    assert len(centre.uplink.step(0.0)) == 1
    assert centre.uplink.step(ANSWER_S) == []
    with pytest.raises(Wrong):
        centre.uplink.step(ANSWER_S + 1)


def test_an_earlier_process_may_have_sent_more_than_the_disk_knows() -> None:
    centre = Centre(5)
    centre.uplink.lines.clear()
    centre.uplink.know(centre.kept, inherited=True)
    centre.stored[centre.kept.id] = Progress(centre.kept.id, [(1, 9)], [])
    assert centre.talk(centre.connect()) == [Opened(centre.kept.id, 9)]
    assert centre.kept.last_seq == 9


def test_a_server_set_back_to_an_older_state_is_told_what_is_here_no_more() -> None:
    centre = Centre(20)
    session = centre.connect()
    centre.talk(session)
    centre.send(session, 512)
    assert centre.acks(session) == [Acked(centre.kept.id, 20)]
    for seq in range(1, 21):
        del centre.bodies[seq]  # acknowledged: gone from the buffer
    centre.stored[centre.kept.id] = Progress(centre.kept.id, [(1, 8)], [])
    session = centre.connect()
    assert centre.talk(session) == [Opened(centre.kept.id, 8)]
    wish = centre.uplink.wish(512)
    assert wish is not None
    assert (wish.first, centre.kept.acked) == (9, 8)  # the keeper finds 9..20 missing


def test_no_number_is_given_twice_on_a_connection() -> None:
    uplink = Uplink()
    uplink.connected()
    numbers = []
    for n in range(3):
        uplink.know(Kept(uuid4(), f"SN-{n}", "", ("fhr1",), 0, 1))
        (opening,) = uplink.step(0.0)
        number = msgspec.json.decode(opening)["stream"]
        refused = {"type": "refused", "stream": number, "code": "ctg.device_unknown"}
        uplink.receive_text(msgspec.json.encode(refused), 0, 0.0)
        numbers.append(number)
    assert numbers == [1, 2, 3]


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
