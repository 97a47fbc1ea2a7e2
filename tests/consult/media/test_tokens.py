"""Join tokens and TURN passwords."""

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.media.engine import TICKET_TTL, Grants, Participant, Role, Source
from consult.media.errors import TokenRefused
from consult.media.tokens import TURN_TTL, TokenKey, turn_servers

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
KEY = TokenKey(b"k" * 32)


def _token(key: TokenKey = KEY, at: datetime = AT) -> str:
    who = Participant(uuid4(), Role.EXPERT)
    grants = Grants(frozenset({Source.MICROPHONE}))
    return key.sign(uuid4(), who, grants, limit=8, jti=uuid4(), at=at)


def test_a_token_says_what_it_was_given() -> None:
    room, who, jti = uuid4(), Participant(uuid4(), Role.GUEST), uuid4()
    token = KEY.sign(room, who, Grants(frozenset({Source.CAMERA})), limit=3, jti=jti, at=AT)
    claims = KEY.read(token, AT + TICKET_TTL - timedelta(seconds=1))
    assert (claims.room, claims.participant, claims.jti) == (room, who.id, jti)
    assert claims.grants == Grants(frozenset({Source.CAMERA}))
    assert (claims.role, claims.limit) == (Role.GUEST, 3)


def test_a_token_ends_after_five_minutes() -> None:
    assert timedelta(minutes=5) == TICKET_TTL
    with pytest.raises(TokenRefused):
        KEY.read(_token(), AT + TICKET_TTL)


def test_a_token_far_in_the_future_is_refused() -> None:
    with pytest.raises(TokenRefused):
        KEY.read(_token(at=AT + timedelta(hours=1)), AT)


def test_another_installations_token_is_refused() -> None:
    with pytest.raises(TokenRefused):
        KEY.read(_token(TokenKey(b"o" * 32)), AT)


@given(st.text(max_size=300))
def test_whatever_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        KEY.read(text, AT)


@given(st.integers(min_value=0), st.sampled_from("AZaz09-_"))
def test_a_changed_token_is_refused(number: int, other: str) -> None:
    token = _token()
    at = number % (len(token) - 1)
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        with pytest.raises(TokenRefused):
            KEY.read(changed, AT)


def test_turn_passwords_are_coturns() -> None:
    who = uuid4()
    urls = ("stun:turn.example:3478", "turns:turn.example:443?transport=tcp")
    stun, turn = turn_servers(urls, "north", who, AT)
    assert (stun.urls, stun.username) == (urls[:1], "")
    assert turn.username == f"{int((AT + TURN_TTL).timestamp())}:{who}"
    digest = hmac.new(b"north", turn.username.encode(), sha1).digest()
    assert turn.credential == b64encode(digest).decode()


def test_without_servers_of_our_own_there_are_none() -> None:
    assert turn_servers((), "", uuid4(), AT) == ()
    assert turn_servers(("turn:turn.example",), "", uuid4(), AT) == ()


def test_secrets_do_not_show() -> None:
    server = turn_servers(("turn:turn.example",), "north", uuid4(), AT)[0]
    assert server.credential not in repr(server)
