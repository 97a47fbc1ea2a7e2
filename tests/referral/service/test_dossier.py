"""Forms in pieces, consents one after the other, and what changed since the case was sent."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.ids import PregnancyId
from referral.commands.on_case import CompleteRecord
from referral.commands.on_papers import Cite, FillNewborn, GiveTreatment, RecordConsent, Seen
from referral.errors import ConsentIncomplete, Incomplete, ReferenceInvalid
from referral.service.cite import cite
from referral.service.complete import complete_record
from referral.service.consent import record_consent
from referral.service.identify import complete_identity
from referral.service.newborn import fill_newborn
from referral.service.seen import mark_seen
from referral.service.treat import give
from registry.observations import service as observations
from registry.observations.schemas import Entry
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.details import PatientDetails, covered
from registry.pregnancies.errors import IdNumberInvalid, IdNumberTaken
from tests.referral.network import SEALER, SEEDER, Network

NUMBER = "990121199901010028"


def _fill(baby: int):  # type: ignore[no-untyped-def]
    async def command(session, clock, viewer, case_id, order):  # type: ignore[no-untyped-def]
        return await fill_newborn(session, clock, viewer, case_id, baby, order)

    return command


async def _consent(session, clock, viewer, case_id, order):  # type: ignore[no-untyped-def]
    return await record_consent(session, clock, viewer, SEALER, case_id, order)


async def _identity(session, clock, viewer, case_id, order):  # type: ignore[no-untyped-def]
    return await complete_identity(session, clock, viewer, SEALER, case_id, order)


async def _twins(net: Network, **changes: object):  # type: ignore[no-untyped-def]
    woman = await net.pregnancy(net.staff["county_doctor"], plurality=2)
    plain = {"pregnancy_id": woman, "subject": "newborn", "condition": "newborn_asphyxia"}
    return await net.sent(net.places["city"], **(plain | changes))


async def test_twins_are_one_case_with_two_forms(net: Network) -> None:
    case = await _twins(net)
    assert [sheet.baby for sheet in (await net.papers("city_expert", case)).newborns] == [1, 2]
    await net.do("county_doctor", _fill(1), case, FillNewborn(weight_g=2300, apgar_1=4))
    net.wait(minutes=1)
    born = {"born_at": net.clock.now(), "sex": "female"}
    await net.do("county_doctor", _fill(2), case, FillNewborn(weight_g=2100, **born))  # type: ignore[arg-type]
    await net.do("county_doctor", _fill(1), case, FillNewborn(apgar_5=8, resuscitation=["none"]))
    first, second = (await net.papers("city_expert", case)).newborns
    assert first.fields == {"weight_g": 2300, "apgar_1": 4, "apgar_5": 8, "resuscitation": ["none"]}
    assert first.newborn_id is None
    assert "weight_g" not in first.missing
    assert "born_at" in first.missing
    assert second.newborn_id is not None
    assert second.fields["sex"] == "female"


async def test_what_is_known_of_birth_makes_the_child_a_row_once(net: Network) -> None:
    case = await _twins(net)
    now = net.clock.now()
    await net.do("county_doctor", _fill(1), case, FillNewborn(born_at=now))
    assert (await net.papers("county_doctor", case)).newborns[0].newborn_id is None
    await net.do("county_doctor", _fill(1), case, FillNewborn(sex="male", weight_g=2500))
    await net.do("county_doctor", _fill(1), case, FillNewborn(weight_g=2550))
    sheet = (await net.papers("county_doctor", case)).newborns[0]
    assert sheet.newborn_id is not None
    assert sheet.fields["weight_g"] == 2550
    assert len((await net.see("county_doctor", case)).newborns) == 1
    async with net.clone.system.session(SEEDER) as session:
        kept = await session.scalar(
            text("SELECT count(*) FROM referral_newborn_form WHERE case_id = :id"), {"id": case}
        )
    assert kept == 3


async def test_an_empty_form_and_a_birth_to_come_are_refused(net: Network) -> None:
    case = await _twins(net)
    with pytest.raises(Incomplete):
        await net.do("county_doctor", _fill(1), case, FillNewborn())
    later = net.wait(seconds=1).replace(year=2027)
    with pytest.raises(BadInput):
        await net.do("county_doctor", _fill(1), case, FillNewborn(born_at=later))
    with pytest.raises(NotFound):
        await net.do("outsider", _fill(1), case, FillNewborn(weight_g=2000))


async def test_the_receiver_sees_as_sent_and_what_changed(net: Network) -> None:
    case = await net.sent(net.places["city"])
    assert (await net.papers("city_expert", case)).changes == []
    sent = (await net.see("city_expert", case)).snapshot
    net.wait(minutes=2)
    await net.act("county_doctor", case, complete_record, CompleteRecord, hb_g_per_l=68)
    net.wait(minutes=1)
    fields = {"hb_g_per_l": 61, "infection": "乙肝", "vitals": {"sbp": 92, "hr": 118}}
    await net.act("county_doctor", case, _complete, dict, fields=fields)
    await net.do("county_doctor", give, case, GiveTreatment(code="oxytocin", dose=20, unit="U"))
    seen = await net.papers("city_expert", case)
    told = {(change.field, change.before, change.after) for change in seen.changes}
    assert told == {
        ("oxytocin", None, "20 U"),
        ("hb_g_per_l", 68, 61),
        ("hb_g_per_l", None, 68),
        ("infection", None, None),
        ("vitals.sbp", 84, 92),
        ("vitals.hr", 128, 118),
    }
    assert all(change.by is not None and change.unread for change in seen.changes)
    assert seen.unread == 6
    assert (await net.papers("county_doctor", case)).unread == 0
    assert (await net.see("city_expert", case)).snapshot == sent

    await net.do("city_expert", mark_seen, case, Seen(up_to=seen.as_of))
    assert (await net.papers("city_expert", case)).unread == 0
    assert (await net.papers("city_second", case)).unread == 6


async def test_what_is_measured_is_not_missing_from_the_form(net: Network) -> None:
    case = await net.sent(net.places["city"], vitals=None)
    assert {"vitals", "hb_g_per_l"} <= set((await net.papers("city_expert", case)).mother_missing)
    woman = (await net.see("county_doctor", case)).pregnancy
    assert woman is not None
    entries = [
        Entry(code="hr_per_min", number=118, unit="/min"),
        Entry(
            code="plt_10e9_per_l",
            number=70,
            unit="10^9/L",
            taken_at=net.clock.now() - timedelta(days=9),
        ),
    ]
    doctor = net.staff["county_doctor"]
    async with net.clone.app.session(doctor) as session:
        await observations.record(
            session, net.clock, doctor, pregnancy_id=PregnancyId(woman.id), entries=entries
        )
    for lacking in (
        (await net.papers("city_expert", case)).mother_missing,
        (await net.see("city_expert", case)).missing,
    ):
        assert "vitals" not in lacking
        assert {"hb_g_per_l", "plt_10e9_per_l"} <= set(lacking)  # nobody measured; nine days old


async def _complete(session, clock, viewer, case_id, order):  # type: ignore[no-untyped-def]
    import msgspec

    body = msgspec.convert({"version": order["version"], **order["fields"]}, CompleteRecord)
    return await complete_record(session, clock, viewer, case_id, body)


async def test_a_waiver_asks_for_its_head_and_then_for_a_signature(net: Network) -> None:
    case = await net.sent(net.places["city"], consent="emergency_waiver")
    papers = await net.papers("county_doctor", case)
    assert [act.kind for act in papers.consents] == ["emergency_waiver"]
    assert papers.consent_pending == ["authoriser", "signature"]
    with pytest.raises(ConsentIncomplete) as refused:
        bare = RecordConsent(kind="emergency_waiver", given_by="institution_head")
        await net.do("county_doctor", _consent, case, bare)
    assert refused.value.fields["missing"] == "authoriser_name, authoriser_post, reason"
    waived = RecordConsent(
        kind="emergency_waiver",
        given_by="institution_head",
        authoriser_name="石院长",
        authoriser_post="业务院长",
        reason="患者昏迷，家属未到",
    )
    await net.do("county_doctor", _consent, case, waived)
    assert (await net.papers("county_doctor", case)).consent_pending == ["signature"]
    net.wait(minutes=30)
    signed = RecordConsent(
        kind="signed", given_by="relative", relation="spouse", giver_name="林丈夫"
    )
    await net.do("county_doctor", _consent, case, signed)
    papers = await net.papers("city_expert", case)
    assert papers.consent_pending == []
    assert [act.kind for act in papers.consents] == ["emergency_waiver"] * 2 + ["signed"]
    assert papers.consents[1].authoriser_name == "石院长"
    assert (await net.see("city_expert", case)).consent == "signed"
    said = str([event.payload for event in await net.events(case)])
    assert "石院长" not in said
    assert "林丈夫" not in said
    async with net.clone.system.session(SEEDER) as session:
        sealed = (
            await session.execute(text("SELECT names_sealed FROM referral_consent"))
        ).scalars()
        assert all("石院长".encode() not in bytes(each or b"") for each in sealed)


@pytest.mark.parametrize(
    ("wrong", "missing"),
    [
        ({"kind": "signed", "given_by": "relative"}, "relation, giver_name"),
        ({"kind": "signed", "given_by": "institution_head"}, "given_by"),
    ],
)
async def test_consent_names_who_gave_it(net: Network, wrong: dict[str, str], missing: str) -> None:
    case = await net.sent(net.places["city"])
    with pytest.raises(ConsentIncomplete) as refused:
        await net.do("county_doctor", _consent, case, RecordConsent(**wrong))  # type: ignore[arg-type]
    assert refused.value.fields["missing"] == missing


async def test_who_she_is_is_sealed_and_goes_on_the_pregnancy(net: Network) -> None:
    case = await net.sent(net.places["city"])
    given = PatientDetails(
        id_number=NUMBER, relative_name="林母", relative_phone="19900000077", gravida=3, para=1
    )
    await net.do("county_doctor", _identity, case, given)
    papers = await net.papers("city_expert", case)
    assert papers.identity.id_number == "990***********0028"
    assert papers.identity.relative_name == "林母"
    assert papers.identity_missing == ["actual_residence"]
    seen = await net.see("city_expert", case)
    assert seen.pregnancy is not None
    assert (seen.pregnancy.gravida, seen.pregnancy.para) == (3, 1)
    assert str(seen.pregnancy.birth_date) == "1999-01-01"
    async with net.clone.app.session(net.staff["county_doctor"]) as session:
        found = await pregnancies.search(
            session, net.clock, net.staff["county_doctor"], SEALER, NUMBER
        )
    assert [row.pregnancy_id for row in found] == [seen.pregnancy.id]
    said = [event.payload for event in await net.events(case)]
    assert {"fields": ["gravida", "id_number", "para", "relative_name", "relative_phone"]} in [
        {"fields": payload.get("fields")} for payload in said
    ]
    assert "林母" not in str(said)

    with pytest.raises(NotAllowed):
        await net.do("city_expert", _identity, case, PatientDetails(id_number=NUMBER))
    with pytest.raises(IdNumberInvalid):
        wrong = NUMBER[:-1] + "1"
        await net.do("county_doctor", _identity, case, PatientDetails(id_number=wrong))
    other = await net.sent(net.places["city"])
    with pytest.raises(IdNumberTaken):
        await net.do("county_doctor", _identity, other, PatientDetails(id_number=NUMBER))
    with pytest.raises(BadInput):
        await net.do("county_doctor", _identity, other, PatientDetails())


def test_a_number_is_covered_in_its_middle() -> None:
    assert covered("E1234567") == "******67"
    assert covered(NUMBER) == "990***********0028"


async def _tracing(net: Network, woman: PregnancyId | None) -> str:
    from uuid import uuid4

    import asyncpg

    recording, device = uuid4(), uuid4()
    connection = await asyncpg.connect(net.clone.superuser_url)
    try:
        await connection.execute(
            "INSERT INTO ctg_device (id, serial, kind, facility_id) VALUES ($1, $2, 'monitor', $3)",
            device, device.hex, net.places["county"],
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO ctg_recording (id, device_id, facility_id, channels, started_at,"
            " closed_at, last_seq, pregnancy_id, bound_at) VALUES ($1, $2, $3, '{fhr1}',"
            " clock_timestamp(), clock_timestamp(), 1800, $4::uuid,"
            " CASE WHEN $4::uuid IS NULL THEN NULL ELSE clock_timestamp() END)",
            recording, device, net.places["county"], woman,
        )  # fmt: skip
    finally:
        await connection.close()
    return str(recording)


async def test_a_tracing_is_cited_by_the_second_and_only_hers(net: Network) -> None:
    from uuid import UUID

    woman = await net.pregnancy(net.staff["county_doctor"])
    case = await net.sent(net.places["city"], pregnancy_id=woman)
    hers = UUID(await _tracing(net, PregnancyId(woman)))
    nobodys = UUID(await _tracing(net, None))
    await net.do(
        "county_doctor", cite, case, Cite(kind="ctg", recording_id=hers, from_seq=61, to_seq=1260)
    )
    shown = (await net.papers("city_expert", case)).references
    assert [(r.recording_id, r.from_seq, r.to_seq) for r in shown] == [(hers, 61, 1260)]
    for field, wrong in (
        ("recording_id", Cite(kind="ctg", recording_id=nobodys, from_seq=1, to_seq=2)),
        ("recording_id", Cite(kind="ctg", recording_id=case, from_seq=1, to_seq=2)),
        ("to_seq", Cite(kind="ctg", recording_id=hers, from_seq=1, to_seq=1801)),
        ("to_seq", Cite(kind="ctg", recording_id=hers, from_seq=9, to_seq=8)),
        ("from_seq", Cite(kind="ctg", recording_id=hers, from_seq=1801, to_seq=1801)),
        ("attachment_id", Cite(kind="attachment", attachment_id=hers)),
    ):
        with pytest.raises(ReferenceInvalid) as refused:
            await net.do("county_doctor", cite, case, wrong)
        assert refused.value.fields["field"] == field
