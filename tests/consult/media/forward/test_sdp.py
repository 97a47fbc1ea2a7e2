"""What aiortc leaves out of descriptions."""

from consult.media.forward.sdp import Section, sections, with_addresses, with_layers

OFFER = "\r\n".join(
    [
        "v=0",
        "a=group:BUNDLE 0 1 2",
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
        "a=mid:0",
        "a=ssrc:11 cname:x",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=mid:1",
        "a=rid:h send",
        "a=rid:l send",
        "a=rid:odd send",
        "a=simulcast:send h;l;odd",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=mid:2",
        "a=ssrc-group:FID 21 22",
        "a=ssrc:21 cname:x",
        "a=ssrc:22 cname:x",
        "",
    ]
)


def test_an_offer_says_its_layers_and_streams() -> None:
    assert sections(OFFER) == [
        Section("0", "audio", (), 11, None),
        Section("1", "video", ("h", "l", "odd"), None, None),
        Section("2", "video", (), 21, 22),
    ]


def test_an_answer_accepts_the_layers_that_we_know() -> None:
    answer = "v=0\r\nm=audio 9 X 111\r\na=mid:0\r\nm=video 9 X 96\r\na=mid:1\r\n"
    made = with_layers(answer, sections(OFFER))
    assert made == answer + "a=rid:h recv\r\na=rid:l recv\r\na=simulcast:recv h;l\r\n"


def test_candidates_are_shown_as_the_world_sees_them() -> None:
    line = "a=candidate:1 1 udp 2130706431 10.0.0.5 40000 typ host"
    shown = with_addresses(f"v=0\r\n{line}\r\n", {"10.0.0.5": "198.51.100.7"})
    assert shown == f"v=0\r\n{line.replace('10.0.0.5', '198.51.100.7')}\r\n"
    assert with_addresses(line, {}) == line
