"""Encryption and signature against the RFCs' own examples."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from duty.notify.channels.channel import Failed, Outgoing, Purpose
from duty.notify.channels.web_push import PushRequest
from duty.notify.contacts.webpush import PushWriter, VapidKey, encrypted
from kernel.clock import SimulatedClock
from kernel.ids import PageId

AT = datetime(2026, 11, 26, 3, 7, tzinfo=UTC)
MASTER = b"k" * 32

# RFC 8291 appendix A.
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
PLAIN = b"When I grow up, I want to be a watermelon"
RECORD = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tl"
    "zAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
SUBSCRIPTION = msgspec.json.encode(
    {"endpoint": "https://push.example.cn/x/1", "keys": {"p256dh": P256DH, "auth": AUTH}}
).decode()


def raw(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def message(address: str = SUBSCRIPTION) -> Outgoing:
    return Outgoing(
        id=uuid4(),
        page_id=PageId(uuid4()),
        attempt=1,
        address=address,
        secret="",
        event="referral.offered",
        level="critical",
        title="YL-1",
        callback="19900005678",
        paged_at=AT,
        purpose=Purpose.PAGE,
    )


def test_the_record_is_that_of_the_rfc() -> None:
    sender = ec.derive_private_key(int.from_bytes(raw(SENDER)), ec.SECP256R1())
    made = encrypted(PLAIN, P256DH, AUTH, salt=raw(SALT), sender=sender)
    assert urlsafe_b64encode(made).rstrip(b"=").decode() == RECORD


def test_two_records_of_the_same_text_differ() -> None:
    assert encrypted(PLAIN, P256DH, AUTH) != encrypted(PLAIN, P256DH, AUTH)


def test_every_process_of_an_installation_has_the_same_key() -> None:
    assert VapidKey(MASTER).public == VapidKey(MASTER).public != VapidKey(b"l" * 32).public
    assert len(raw(VapidKey(MASTER).public)) == 65


def test_the_signature_names_the_service_and_ends_within_a_day() -> None:
    key = VapidKey(MASTER)
    header = key.authorization(
        "https://push.example.cn/x/1", "mailto:it@example.cn", SimulatedClock(AT)
    )
    token = header.removeprefix("vapid t=").partition(",")[0]
    head, claims, signature = token.split(".")
    said = msgspec.json.decode(raw(claims))
    assert said["aud"] == "https://push.example.cn"
    assert 0 < said["exp"] - AT.timestamp() <= 24 * 3600
    both = raw(signature)
    der = encode_dss_signature(int.from_bytes(both[:32]), int.from_bytes(both[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key.public))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))


def test_a_page_becomes_one_encrypted_post() -> None:
    made = PushWriter(MASTER, SimulatedClock(AT), "mailto:it@example.cn")(message())
    assert isinstance(made, PushRequest)
    assert made.url == "https://push.example.cn/x/1"
    assert made.headers["Content-Encoding"] == "aes128gcm"
    assert b"YL-1" not in made.body


@pytest.mark.parametrize(
    "address",
    [
        "not json",
        '{"endpoint":"https://x.cn/"}',
        '{"endpoint":"https://x.cn/","keys":{"p256dh":"'
        + "A" * 87
        + '","auth":"'
        + "A" * 22
        + '"}}',
    ],
)
def test_what_is_no_subscription_fails_for_good(address: str) -> None:
    made = PushWriter(MASTER, SimulatedClock(AT), "mailto:it@example.cn")(message(address))
    assert made == Failed("subscription", again=False)
