"""Opinions written by several hands, resting on what was seen, agreed with or dissented from."""

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consult import service, signing
from consult.citing import citable
from consult.commands import (
    CiteObservation,
    CiteTracing,
    Countersign,
    NewAdvice,
    NewOrder,
    ReviseAdvice,
)
from consult.errors import (
    CitedVoid,
    DissentSaysWhy,
    DraftMoved,
    DraftSigned,
    ExpertWrites,
    NothingCited,
    NotSigned,
    NotTheAuthor,
    OwnAdvice,
    StandTaken,
)
from consult.queries import advice_of_case, revisions
from consult.readmodel import Advice, AdviceRevision
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, PregnancyId
from registry.observations import service as observations
from registry.observations.schemas import Entry, NewVoid
from server.tracings import RecordedTracings
from tests.realtime.wire import frame
from tests.referral.network import SEEDER, Network

TRACINGS = RecordedTracings()
LEAD, SECOND, BEDSIDE = "city_expert", "city_second", "county_doctor"


class Round:
    """One case of a woman of the county, and the city's experts around it."""

    def __init__(self, net: Network, case: CaseId, woman: PregnancyId) -> None:
        self.net, self.case, self.woman = net, case, woman

    async def write(self, who: str = LEAD, **content: Any) -> UUID:
        order = NewAdvice(**{"text": "考虑宫缩乏力", "shared": True} | content)
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            made = await service.write_advice(
                session, self.net.clock, viewer, self.case, order, TRACINGS
            )
        return UUID(str(made))

    async def revise(self, who: str, advice: UUID, revision: int, **content: Any) -> None:
        order = ReviseAdvice(**{"text": "考虑胎盘残留", "revision": revision} | content)
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            await service.revise_advice(session, self.net.clock, viewer, advice, order, TRACINGS)

    async def sign(self, advice: UUID, revision: int = 1, who: str = LEAD) -> None:
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            await signing.sign_advice(session, self.net.clock, viewer, advice, revision)

    async def stand(self, who: str, advice: UUID, stand: Any, words: str = "") -> None:
        order = Countersign(stand=stand, words=words, password="checked by the route")
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            await signing.countersign(session, self.net.clock, viewer, advice, order)

    async def see(self, who: str = BEDSIDE) -> list[Advice]:
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            return await advice_of_case(session, viewer, self.case)

    async def wordings(self, who: str, advice: UUID) -> list[AdviceRevision]:
        viewer = self.net.staff[who]
        async with self.net.clone.app.session(viewer) as session:
            return await revisions(session, viewer, advice)

    async def pressure(self, mmhg: float) -> UUID:
        viewer = self.net.staff[BEDSIDE]
        async with self.net.clone.app.session(viewer) as session:
            recorded = await observations.record(
                session, self.net.clock, viewer,
                pregnancy_id=self.woman,
                entries=[Entry(code="sbp_mmhg", number=mmhg, unit="mm[Hg]")],
            )  # fmt: skip
            return recorded.rows[0].id

    async def tracing(self, seconds: int) -> UUID:
        """A tracing of hers of so many seconds."""
        recording, device = uuid4(), uuid4()
        viewer = self.net.staff[BEDSIDE]
        async with self.net.clone.system.session(SEEDER) as session:
            await session.execute(
                text(
                    "INSERT INTO ctg_device (id, serial, kind, facility_id)"
                    " VALUES (:id, :serial, 'monitor', :house)"
                ),
                {"id": device, "serial": str(device), "house": viewer.facility_id},
            )
            no = await session.scalar(
                text(
                    "INSERT INTO ctg_recording (id, device_id, facility_id, bed, channels,"
                    " started_at, pregnancy_id, bound_by, bound_at) VALUES (:id, :device, :house,"
                    " '产房 3 床', '{fhr1}', now(), :woman, :by, now()) RETURNING no"
                ),
                {
                    "id": recording, "device": device, "house": viewer.facility_id,
                    "woman": self.woman, "by": viewer.person_id,
                },
            )  # fmt: skip
            await session.execute(
                text(
                    "INSERT INTO ctg_chunk (recording_id, recording_no, first_seq, last_seq,"
                    " received_from, received_to, frames)"
                    " VALUES (:id, :no, 1, :last, now(), now(), :frames)"
                ),
                {
                    "id": recording, "no": no, "last": seconds,
                    "frames": b"".join(frame(seq) for seq in range(1, seconds + 1)),
                },
            )  # fmt: skip
        return recording

    async def close(self, recording: UUID, last: int) -> None:
        async with self.net.clone.system.session(SEEDER) as session:
            await session.execute(
                text("UPDATE ctg_recording SET closed_at = now(), last_seq = :n WHERE id = :id"),
                {"n": last, "id": recording},
            )


@pytest.fixture
async def table(net: Network) -> Round:
    """A new case."""
    woman = await net.pregnancy(net.staff[BEDSIDE])
    return Round(net, await net.sent(net.places["city"], pregnancy_id=woman), PregnancyId(woman))


async def test_several_hands_write_on_one_draft_and_every_wording_stays(table: Round) -> None:
    advice = await table.write(orders=[NewOrder(text="按摩子宫")])
    assert [one.may_revise for one in await table.see(SECOND)] == [True]
    assert await table.see(BEDSIDE) == []
    await table.revise(SECOND, advice, 1, findings="胎盘小叶缺损", recommendation="dispatch")
    (seen,) = await table.see(LEAD)
    assert (seen.text, seen.findings, seen.recommendation) == (
        "考虑胎盘残留", "胎盘小叶缺损", "dispatch",
    )  # fmt: skip
    assert (seen.revision, seen.shared, seen.orders) == (2, True, [])
    assert seen.revised_by is not None
    assert seen.revised_by.id == table.net.staff[SECOND].person_id
    assert [(one.n, one.text) for one in await table.wordings(LEAD, advice)] == [
        (1, "考虑宫缩乏力"), (2, "考虑胎盘残留"),
    ]  # fmt: skip


async def test_earlier_wordings_are_for_experts(table: Round) -> None:
    advice = await table.write()
    await table.revise(SECOND, advice, 1)
    await table.sign(advice, 2)
    assert len(await table.wordings(SECOND, advice)) == 2
    assert [one.n for one in await table.wordings(BEDSIDE, advice)] == [2]


async def test_two_hands_at_once_lose_nothing(table: Round) -> None:
    advice = await table.write()
    await table.revise(SECOND, advice, 1)
    with pytest.raises(DraftMoved) as refused:
        await table.revise(LEAD, advice, 1, text="我的文字")
    assert refused.value.fields == {"current": 2, "given": 1}
    await table.revise(LEAD, advice, 2, text="合并后的文字")
    assert (await table.see(LEAD))[0].text == "合并后的文字"


async def test_nobody_signs_what_another_wrote_since_he_read(table: Round) -> None:
    advice = await table.write()
    await table.revise(SECOND, advice, 1, text="停用硫酸镁")
    with pytest.raises(DraftMoved) as refused:
        await table.sign(advice, 1)
    assert refused.value.fields == {"current": 2, "given": 1}
    assert (await table.see(LEAD))[0].state == "draft"
    await table.sign(advice, 2)
    assert (await table.see(LEAD))[0].text == "停用硫酸镁"


async def test_a_draft_that_is_not_shared_stays_its_authors(table: Round) -> None:
    advice = await table.write(shared=False)
    assert await table.see(SECOND) == []
    with pytest.raises(NotFound):
        await table.revise(SECOND, advice, 1)
    with pytest.raises(NotFound):
        await table.revise(BEDSIDE, advice, 1)


async def test_only_the_author_signs_a_shared_draft_and_then_it_stands(table: Round) -> None:
    advice = await table.write(orders=[NewOrder(text="卡前列素 250 µg 肌注")])
    with pytest.raises(NotTheAuthor):
        await table.sign(advice, who=SECOND)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with table.net.clone.app.session(table.net.staff[SECOND]) as session:
            await session.execute(
                text(
                    "UPDATE advice SET state = 'signed', signed_at = now(),"
                    " digest = sha256('x') WHERE id = :id"
                ),
                {"id": advice},
            )
    await table.sign(advice)
    (seen,) = await table.see()
    assert [(one.n, one.text, one.state) for one in seen.orders] == [
        (1, "卡前列素 250 µg 肌注", "pending")
    ]
    with pytest.raises(DraftSigned):
        await table.revise(LEAD, advice, 1)
    with pytest.raises(DBAPIError):
        async with table.net.clone.app.session(table.net.staff[LEAD]) as session:
            await session.execute(
                text(
                    "INSERT INTO advice_revision VALUES"
                    " (:id, 2, :case_id, :by, now(), '{}'::jsonb)"
                ),
                {
                    "id": advice, "case_id": table.case,
                    "by": table.net.staff[LEAD].person_id,
                },
            )  # fmt: skip


async def test_what_is_cited_is_quoted_and_signed(table: Round) -> None:
    reading, recording = await table.pressure(84), await table.tracing(90)
    advice = await table.write(
        cited=[
            CiteObservation(observation_id=reading, note="休克"),
            CiteTracing(recording_id=recording, from_seq=31, to_seq=60),
        ]
    )
    await table.sign(advice)
    said, seconds = (await table.see())[0].cited
    assert (said.kind, said.zh, said.note) == ("observation", "收缩压 84 mmHg", "休克")
    assert seconds.sha256 == sha256(b"".join(frame(seq) for seq in range(31, 61))).hexdigest()
    assert seconds.until is not None
    assert (seconds.until - seconds.at).total_seconds() == 29
    event = next(e for e in await table.net.events(table.case) if e.row.kind == "advice.signed")
    assert (event.payload["cited"], event.payload["form"]) == (2, signing.FORM)


async def test_what_can_be_cited_is_offered(table: Round) -> None:
    reading, recording = await table.pressure(84), await table.tracing(90)
    viewer = table.net.staff[LEAD]
    async with table.net.clone.app.session(viewer) as session:
        offered = await citable(session, table.net.clock, viewer, TRACINGS, table.case)
    assert reading in [one.id for one in offered.readings]
    assert [one.id for one in offered.tracings] == []  # open, and no second was announced yet
    await table.close(recording, 90)
    async with table.net.clone.app.session(viewer) as session:
        offered = await citable(session, table.net.clock, viewer, TRACINGS, table.case)
    assert [(one.id, one.last_seq) for one in offered.tracings] == [(recording, 90)]
    stranger = table.net.staff["province_expert"]
    async with table.net.clone.app.session(stranger) as session:
        with pytest.raises(NotFound):
            await citable(session, table.net.clock, stranger, TRACINGS, table.case)


async def test_only_what_is_hers_and_holds_can_be_cited(table: Round) -> None:
    reading, recording = await table.pressure(84), await table.tracing(10)
    net, doctor = table.net, table.net.staff[BEDSIDE]
    for cite, refusal in (
        (CiteObservation(observation_id=uuid4()), NotFound),
        (CiteTracing(recording_id=uuid4(), from_seq=1, to_seq=2), NotFound),
        (CiteTracing(recording_id=recording, from_seq=11, to_seq=20), NothingCited),
        (CiteTracing(recording_id=recording, from_seq=9, to_seq=8), BadInput),
    ):
        with pytest.raises(refusal):
            await table.write(cited=[cite])
    other = Round(net, await net.sent(net.places["city"]), table.woman)
    for foreign in (
        CiteObservation(observation_id=reading),
        CiteTracing(recording_id=recording, from_seq=1, to_seq=2),
    ):
        with pytest.raises(NotFound):
            await other.write(cited=[foreign])
    async with net.clone.app.session(doctor) as session:
        await observations.void(
            session, net.clock, doctor, table.woman, reading, NewVoid(reason="wrong_value")
        )
    with pytest.raises(CitedVoid):
        await table.write(cited=[CiteObservation(observation_id=reading)])


async def test_others_agree_or_dissent_once_beside_the_advice(table: Round) -> None:
    with pytest.raises(NotSigned):
        await table.stand(SECOND, await table.write(), "agrees")
    advice = await table.write(shared=False)
    with pytest.raises(NotFound):
        await table.stand(SECOND, advice, "agrees")
    await table.sign(advice)
    seen = (await table.see(SECOND))[-1]
    assert seen.may_countersign
    for who, stand, words, refusal in (
        (LEAD, "agrees", "", OwnAdvice),
        (BEDSIDE, "agrees", "", ExpertWrites),
        (SECOND, "dissents", "  ", DissentSaysWhy),
    ):
        with pytest.raises(refusal):
            await table.stand(who, advice, stand, words)
    await table.stand(SECOND, advice, "dissents", "建议先排除产道裂伤")
    with pytest.raises(StandTaken):
        await table.stand(SECOND, advice, "agrees")
    (stand,) = (await table.see())[0].stands
    assert (stand.stand, stand.words) == ("dissents", "建议先排除产道裂伤")
    assert (await table.see())[0].digest == seen.digest
    event = next(e for e in await table.net.events(table.case) if e.row.kind == "advice.dissented")
    assert (event.payload["sha256"], event.payload["advice_sha256"]) == (stand.sha256, seen.digest)
    assert "裂伤" not in str(event.payload)


async def test_stands_and_wordings_are_written_once(table: Round) -> None:
    advice = await table.write()
    await table.sign(advice)
    await table.stand(SECOND, advice, "agrees")
    for change in (
        "UPDATE advice_signature SET words = 'x'",
        "DELETE FROM advice_signature",
        "DELETE FROM advice_revision",
    ):
        with pytest.raises(DBAPIError):
            async with table.net.clone.system.session(SEEDER) as session:
                await session.execute(text(change))
