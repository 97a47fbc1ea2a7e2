"""The providers' door: who may knock, what is written down, and that nobody can read it there."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from duty.notify.hooks import aliyun, door, tencent
from duty.notify.hooks.door import Knock, admit
from duty.notify.hooks.words import Reply, Report, Unreadable, bare
from duty.notify.providers.file import Callbacks
from kernel.errors import BadInput, NotFound
from kernel.viewer import Viewer
from tests.duty.region import Region

SECRET = "a secret part of the path"
KNOCK = Knock("aliyun", SECRET, "sms-report", "198.51.100.7")
OPEN = Callbacks(SECRET)
ANONYMOUS = Viewer.system("anonymous")
OURS = UUID("01a216ca-a065-7120-8bc5-f595ba2e29ab")


def test_who_knows_the_secret_is_let_in() -> None:
    admit(OPEN, KNOCK)
    admit(Callbacks(SECRET, ["198.51.100.0/24"]), KNOCK)


@pytest.mark.parametrize(
    ("callbacks", "knock"),
    [
        (None, KNOCK),
        (None, replace(KNOCK, secret="")),
        (OPEN, replace(KNOCK, secret="another secret of a path")),
        (OPEN, replace(KNOCK, secret="")),
        (OPEN, replace(KNOCK, provider="nobody")),
        (Callbacks(SECRET, ["203.0.113.0/24"]), KNOCK),
        (Callbacks(SECRET, ["203.0.113.0/24"]), replace(KNOCK, address="local")),
    ],
)
def test_everybody_else_finds_nothing(callbacks: Callbacks | None, knock: Knock) -> None:
    with pytest.raises(NotFound):
        admit(callbacks, knock)


def test_aliyuns_pushes_are_read() -> None:
    sms = {"biz_id": "9^1", "out_id": str(OURS), "success": True, "err_code": "DELIVERED"}
    assert aliyun.read("sms-report", [sms | {"phone_number": "+8619900001234"}]) == [
        Report("delivered", "9^1", OURS, "DELIVERED", "", "19900001234")
    ]
    call = {"call_id": "1^2", "out_id": str(OURS), "status_code": "200000", "dtmf": "1"}
    assert aliyun.read("voice-report", [call]) == [
        Report("key", "1^2", OURS, key="1"),
        Report("delivered", "1^2", OURS, "200000"),
    ]
    assert aliyun.read("voice-report", [call | {"status_code": "200003", "dtmf": ""}]) == [
        Report("undelivered", "1^2", OURS, "200003")
    ]
    pressed = call | {"status_code": "300000", "dtmf": "93"}
    assert aliyun.read("voice-call-report", [pressed, call]) == [
        Report("key", "1^2", OURS, key="3")
    ]
    up = {"phone_number": "19900001234", "content": "1", "sequence_id": 7, "send_time": "t"}
    assert aliyun.read("sms-up", [up]) == [Reply("19900001234", "1", "7/t")]


def test_tencents_callbacks_are_read() -> None:
    report = {"sid": "s1", "ext": str(OURS), "report_status": "FAIL", "errmsg": "UNDELIV"}
    assert tencent.read("sms-report", [report]) == [Report("undelivered", "s1", OURS, "UNDELIV")]
    reply = {"mobile": "19900001234", "text": "收到", "time": 1}
    assert tencent.read("sms-up", reply) == [Reply("19900001234", "收到", "1")]


@pytest.mark.parametrize("read", [aliyun.read, tencent.read])
@pytest.mark.parametrize(
    ("kind", "body"),
    [("sms-report", "x"), ("sms-report", [1]), ("sms-up", [{}]), ("other", []), ("sms-up", None)],
)
def test_what_is_no_push_is_refused(read: object, kind: str, body: object) -> None:
    with pytest.raises(Unreadable):
        read(kind, body)  # type: ignore[operator]


def test_numbers_are_compared_without_their_country() -> None:
    assert {bare(one) for one in ("+86 199-0000-1234", "008619900001234", "8619900001234")} == {
        "19900001234"
    }
    assert bare("057188773344") == "057188773344"
    assert bare(None) == ""


async def test_a_repeat_is_one_row_and_the_web_role_reads_none(region: Region) -> None:
    report = {"biz_id": "1", "out_id": str(uuid4()), "success": True, "phone_number": "19900001234"}
    for _ in range(2):
        async with region.clone.app.session(ANONYMOUS) as session:
            said = await door.take_down(session, region.sealer, KNOCK, [report])
        assert said == {"code": 0, "msg": "ok"}
    async with region.clone.system.session(ANONYMOUS) as session:
        (row,) = (await session.execute(text("SELECT * FROM message_receipt"))).all()
        assert b"19900001234" not in bytes(row.phone_sealed)
        waiting = text("SELECT count(*) FROM outbox WHERE topic = 'duty.provider_word'")
        assert (await session.execute(waiting)).scalar_one() == 1
    for table in ("message_receipt", "inbound_reply"):
        with pytest.raises(Exception, match="permission denied"):
            async with region.clone.app.session(region.doctor) as session:
                await session.execute(text(f"SELECT * FROM {table}"))


async def test_what_was_written_down_stays(region: Region) -> None:
    async with region.clone.app.session(ANONYMOUS) as session:
        await door.take_down(session, region.sealer, KNOCK, [{"biz_id": "1", "success": True}])
        up = {"phone_number": "19900001234", "content": "1"}
        await door.take_down(session, region.sealer, replace(KNOCK, kind="sms-up"), [up])
    for change in (
        "UPDATE message_receipt SET code = 'x'",
        "DELETE FROM message_receipt",
        "UPDATE inbound_reply SET text_sealed = ''",
        "DELETE FROM inbound_reply",
    ):
        with pytest.raises(Exception, match=r"record|permission denied"):
            async with region.clone.owner.session(ANONYMOUS) as session:
                await session.execute(text(change))


async def test_too_much_at_once_is_refused(region: Region) -> None:
    many = [{"biz_id": str(number), "success": True} for number in range(501)]
    with pytest.raises(BadInput):
        async with region.clone.app.session(ANONYMOUS) as session:
            await door.take_down(session, region.sealer, KNOCK, many)
