"""Whatever sockets do, everything arrives once and in order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.channel import MOST_UNSEEN, Channel, ChannelBroken, Frame


@given(st.lists(st.sampled_from(["a", "b", "pass", "cut"]), max_size=120))
def test_everything_arrives_once_and_in_order(moves: list[str]) -> None:
    """Two sides speak; a cut loses what is on the wire, then both resume."""
    sides = (Channel(), Channel())
    wires: tuple[list[bytes], list[bytes]] = ([], [])
    said: tuple[list[bytes], list[bytes]] = ([], [])
    heard: tuple[list[bytes], list[bytes]] = ([], [])

    def deliver(to: int) -> None:
        while wires[to]:
            body = sides[to].receive(wires[to].pop(0))
            if body is not None:
                heard[to].append(body)

    for number, move in enumerate([*moves, "cut", "pass"]):
        if move in "ab":
            me = "ab".index(move)
            body = str(number).encode()
            said[me].append(body)
            wires[1 - me].append(sides[me].send(body))
        elif move == "pass":
            deliver(0)
            deliver(1)
            for me in (0, 1):
                frame = sides[me].acknowledge()
                wires[1 - me].extend([frame] if frame is not None else [])
        else:
            wires[0].clear()
            wires[1].clear()
            wires[0].extend(sides[1].resume(sides[0].seen))
            wires[1].extend(sides[0].resume(sides[1].seen))
    assert heard[0] == said[1]
    assert heard[1] == said[0]


def test_a_number_left_out_ends_it() -> None:
    one, two = Channel(), Channel()
    one.send(b"1")
    with pytest.raises(ChannelBroken):
        two.receive(one.send(b"2"))


def test_an_invented_number_ends_it() -> None:
    with pytest.raises(ChannelBroken):
        Channel().resume(3)
    with pytest.raises(ChannelBroken):
        Channel().receive(b'{"ack":9}')


def test_who_takes_nothing_is_not_there() -> None:
    channel = Channel()
    for _ in range(MOST_UNSEEN):
        channel.send(b"1")
    with pytest.raises(ChannelBroken):
        channel.send(b"1")


def test_an_acknowledgement_is_said_once() -> None:
    one, two = Channel(), Channel()
    two.receive(one.send(b"1"))
    assert two.acknowledge() is not None
    assert two.acknowledge() is None
    assert msgspec.json.encode(Frame()) == b"{}"
