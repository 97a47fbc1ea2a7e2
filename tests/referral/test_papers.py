"""The net under the dossier: what the database itself opens, to whom, and who may add to it."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.blobs import BlobStore
from kernel.ids import CaseId, new_id
from referral.commands.on_papers import (
    Attach,
    Cite,
    FillNewborn,
    GiveTreatment,
    RecordConsent,
    Seen,
    Withdraw,
)
from referral.papers import Target
from referral.service.attach import attach
from referral.service.cite import cite
from referral.service.consent import record_consent
from referral.service.identify import complete_identity
from referral.service.newborn import fill_newborn
from referral.service.seen import mark_seen
from referral.service.treat import give, withdraw
from registry.pregnancies.details import PatientDetails
from tests.kernel.media.pictures import png
from tests.referral.network import SEALER, SEEDER, Network

OF_CASE = (
    "referral_treatment",
    "referral_newborn_form",
    "referral_consent",
    "referral_attachment",
    "referral_reference",
    "referral_withdrawal",
)
STRANGERS = ("outsider", "commission", "township_midwife")


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    """A folder of the test's own."""
    return BlobStore(tmp_path, SEALER, max_bytes=300_000)


@pytest.fixture
async def case(net: Network, store: BlobStore) -> CaseId:
    """One row in every table, written by the sender; the receiver has looked."""
    case = await net.sent(net.places["city"])
    sender = net.staff["county_doctor"]
    async with net.clone.app.session(sender) as session:
        of = (session, net.clock, sender)
        await give(*of, case, GiveTreatment(code="oxytocin"))
        await fill_newborn(*of, case, 1, FillNewborn(weight_g=2500))
        verbal = RecordConsent(kind="verbal", given_by="patient", explained_by="林医生")
        await record_consent(*of, SEALER, case, verbal)
        await attach(*of, store, case, Attach(kind="lab"), png())
        await complete_identity(*of, SEALER, case, PatientDetails(ethnicity="汉"))
    papers = await net.papers("county_doctor", case)
    async with net.clone.app.session(sender) as session:
        of = (session, net.clock, sender)
        picture = papers.attachments[0].id
        await cite(*of, case, Cite(kind="attachment", attachment_id=picture))
        await withdraw(
            *of, case, Target("treatment", papers.treatments[0].id), Withdraw(reason="录错")
        )
    await net.do("city_expert", mark_seen, case, Seen(up_to=papers.as_of))
    return case


async def _count(net: Network, who: str, table: str) -> int:
    async with net.clone.app.session(net.staff[who]) as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.mark.parametrize("table", OF_CASE)
async def test_treating_sides_read_it_and_nobody_else(
    net: Network, case: CaseId, table: str
) -> None:
    for who in ("county_doctor", "city_expert"):
        assert await _count(net, who, table) > 0, who
    for who in STRANGERS:
        assert await _count(net, who, table) == 0, who


@pytest.mark.parametrize("table", OF_CASE)
async def test_a_stranger_adds_nothing_and_nobody_changes_or_deletes(
    net: Network, case: CaseId, table: str
) -> None:
    async with net.clone.system.session(SEEDER) as session:
        names = list(
            await session.scalars(
                text(
                    "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass)"
                    " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
                ),
                {"t": table},
            )
        )
    key = names[0]
    listed = ", ".join(names)
    copied = ", ".join(f"t.{name}" if name != key else "gen_random_uuid()" for name in names)
    # Read with the rights of a side, written with those of a stranger.
    copy = text(
        f"INSERT INTO {table} ({listed})"
        f" SELECT {copied} FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb)) t"
    )
    async with net.clone.app.session(net.staff["county_doctor"]) as session:
        row = await session.scalar(text(f"SELECT to_jsonb(t)::text FROM {table} t LIMIT 1"))
    for who in STRANGERS:
        with pytest.raises(DBAPIError, match="row-level security"):
            async with net.clone.app.session(net.staff[who]) as session:
                await session.execute(copy, {"row": row})
    for change in (f"UPDATE {table} SET case_id = case_id", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with net.clone.app.session(net.staff["county_doctor"]) as session:
                await session.execute(text(change))


async def test_who_she_is_follows_the_pregnancy(net: Network, case: CaseId) -> None:
    assert await _count(net, "city_expert", "patient_detail") > 0
    for who in STRANGERS:
        assert await _count(net, who, "patient_detail") == 0, who


async def test_what_somebody_has_read_is_their_own(net: Network, case: CaseId) -> None:
    assert await _count(net, "city_expert", "referral_seen") > 0
    for who in ("county_doctor", "city_second", "commission"):
        assert await _count(net, who, "referral_seen") == 0, who
    forged = text(
        "INSERT INTO referral_seen (case_id, person_id, at) VALUES (:c, :p, clock_timestamp())"
    )
    other = net.staff["county_doctor"].person_id
    with pytest.raises(DBAPIError, match="row-level security"):
        async with net.clone.app.session(net.staff["city_expert"]) as session:
            await session.execute(forged, {"c": case, "p": other})


async def test_who_is_the_same_person_is_open_to_nobody(net: Network, case: CaseId) -> None:
    for who in ("county_doctor", "outsider", "admin"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await _count(net, who, "person_key")
    with pytest.raises(DBAPIError, match="permission denied"):
        async with net.clone.app.session(net.staff["county_doctor"]) as session:
            await session.execute(
                text("INSERT INTO person_key VALUES (:p, :f, sha256('x'))"),
                {"p": new_id(), "f": net.places["county"]},
            )
