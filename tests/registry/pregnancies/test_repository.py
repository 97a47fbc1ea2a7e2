"""Who sees which patient: the scoped repository, and row-level security without it.

The second half speaks SQL straight to PostgreSQL as yunshang_app: what the code forgets to filter,
the database must.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel import parties
from kernel.errors import NotFound
from kernel.ids import CaseId, PregnancyId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Role, Viewer
from registry.pregnancies.repository import PregnancyRepository
from registry.pregnancies.schemas import NewNewborn, PatientCreated
from registry.pregnancies.service import add_newborn, link_case
from tests.fixtures.database import Clone
from tests.registry import world as scene
from tests.registry.world import World

TABLES = ("patient", "patient_identifier", "pregnancy", "newborn", "case_pregnancy", "access_log")


@dataclass(frozen=True)
class Story:
    """A woman of the county hospital, with a child, referred to the city's centre."""

    made: PatientCreated
    case_id: CaseId

    @property
    def pregnancy_id(self) -> PregnancyId:
        return PregnancyId(self.made.pregnancy_id)


@pytest.fixture
async def story(database: Clone, world: World) -> Story:
    """A referred case; registered by a doctor of the county hospital."""
    new = scene.NewPatient(name="林测试", id_number="E1234567")
    made = await scene.patient(database.app, world, world.doctor, new)
    doctor = world.doctor
    async with database.app.session(doctor) as session:
        child = NewNewborn(birth_order=1, born_at=world.clock.now(), sex="female")
        await add_newborn(session, world.clock, doctor, PregnancyId(made.pregnancy_id), child)
    case_id = await scene.case(database.app, world, world.doctor, made, world.city_centre)
    return Story(made, case_id)


async def _counts(database: Clone, viewer: Viewer) -> dict[str, int]:
    """Rows that PostgreSQL shows to this viewer, without any filter of ours."""
    async with database.app.session(viewer) as session:
        return {
            table: await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0
            for table in TABLES
        }


NOTHING = dict.fromkeys(TABLES, 0)
WHOLE = {**dict.fromkeys(TABLES, 1), "access_log": 0}


async def test_parties_and_the_registering_hospital_see_her(
    database: Clone, world: World, story: Story
) -> None:
    coordinator = world.viewer(Role.COORDINATOR, world.stranger, world.city)
    for viewer in (world.doctor, world.expert, coordinator):
        async with database.app.session(viewer) as session:
            repository = PregnancyRepository(session, viewer)
            pregnancy, patient = await repository.pregnancy(story.pregnancy_id)
            assert (pregnancy.id, patient.id) == (story.made.pregnancy_id, story.made.patient_id)
            assert set(await repository.of_cases([story.case_id])) == {story.case_id}
            assert len((await repository.newborns([story.pregnancy_id]))[story.pregnancy_id]) == 1
        assert await _counts(database, viewer) == WHOLE


async def test_everybody_else_finds_nothing(database: Clone, world: World, story: Story) -> None:
    far = world.viewer(Role.COORDINATOR, world.stranger, world.far_county)
    staff = [
        world.viewer(role, world.county_hospital)
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DEVICE, Role.CREW)
    ]
    commission = world.viewer(Role.COMMISSION, world.county_hospital, world.province)
    for viewer in (world.outsider, far, commission, *staff):
        async with database.app.session(viewer) as session:
            repository = PregnancyRepository(session, viewer)
            with pytest.raises(NotFound):
                await repository.pregnancy(story.pregnancy_id)
            assert await repository.of_cases([story.case_id]) == {}
            assert await repository.newborns([story.pregnancy_id]) == {}
        assert await _counts(database, viewer) == NOTHING, viewer.roles


async def test_the_commission_sees_the_case_but_not_whose(
    database: Clone, world: World, story: Story
) -> None:
    commission = world.viewer(Role.COMMISSION, world.stranger, world.province)
    async with database.app.session(commission) as session:
        sees = await session.scalar(text("SELECT app_sees_case(:id)"), {"id": story.case_id})
        knows = await session.scalar(text("SELECT app_sees_identity(:id)"), {"id": story.case_id})
    assert (sees, knows) == (True, False)


async def test_the_auditor_reads_the_log_and_no_patient(
    database: Clone, world: World, story: Story
) -> None:
    auditor = world.viewer(Role.AUDITOR, world.county_hospital)
    assert await _counts(database, auditor) == {**NOTHING, "access_log": 1}


async def test_one_paged_expert_sees_the_case_as_a_person(
    database: Clone, world: World, story: Story
) -> None:
    paged, colleague = world.outsider, world.outsider
    doctor = world.doctor
    async with database.app.session(doctor) as session:
        await parties.add_person(session, story.case_id, paged.person_id, PartyRole.EXPERT)
    assert await _counts(database, paged) == WHOLE
    assert await _counts(database, colleague) == NOTHING


async def test_processes_see_all(database: Clone, world: World, story: Story) -> None:
    engine = Viewer.system("engine")
    async with database.system.session(engine) as session:
        repository = PregnancyRepository(session, engine)
        assert await repository.pregnancy(story.pregnancy_id)
    # The same viewer on the app's connection is nobody.
    async with database.app.session(engine) as session:
        with pytest.raises(NotFound):
            await PregnancyRepository(session, engine).pregnancy(story.pregnancy_id)


@pytest.fixture
async def app(database: Clone) -> AsyncIterator[asyncpg.Connection]:
    """A bare connection as yunshang_app, without SQLAlchemy's hook."""
    connection = await asyncpg.connect(database.app_url)
    yield connection
    await connection.close()


async def _become(connection: asyncpg.Connection, facility: object) -> None:
    await connection.execute(
        "SELECT set_config('app.facility_ids', $1, true)", "{" + str(facility) + "}"
    )


async def test_without_a_viewer_there_are_no_rows(
    database: Clone, world: World, story: Story, app: asyncpg.Connection
) -> None:
    for table in TABLES:
        assert await app.fetchval(f"SELECT count(*) FROM {table}") == 0
    async with app.transaction():
        await _become(app, world.county_hospital)
        assert await app.fetchval("SELECT count(*) FROM patient") == 1
    # After commit the pool's next user is nobody again.
    assert await app.fetchval("SELECT current_setting('app.facility_ids', true)") == ""
    assert await app.fetchval("SELECT count(*) FROM patient") == 0


async def test_a_second_transaction_of_one_session_is_still_the_viewer(
    database: Clone, world: World, story: Story
) -> None:
    async with database.app.session(world.doctor) as session:
        for _ in range(2):
            assert await session.scalar(text("SELECT count(*) FROM patient")) == 1
            await session.commit()


INSERTS = {
    "patient": (
        "INSERT INTO patient (id, facility_id, name_sealed, name_index, created_at, created_by)"
        " VALUES ($1, $2, 'x', sha256('x'), now(), $1)"
    ),
    "pregnancy": (
        "INSERT INTO pregnancy (id, facility_id, patient_id, created_at, created_by)"
        " VALUES ($1, $2, $3, now(), $1)"
    ),
    "newborn": (
        "INSERT INTO newborn (id, facility_id, pregnancy_id, birth_order, born_at, sex,"
        " created_at, created_by) VALUES ($1, $2, $3, 2, now(), 'male', now(), $1)"
    ),
}


def _row(table: str, facility: object, story: Story) -> tuple[object, ...]:
    parents = {"pregnancy": story.made.patient_id, "newborn": story.made.pregnancy_id}
    return (new_id(), facility, *([parents[table]] if table in parents else []))


@pytest.mark.parametrize("table", list(INSERTS))
async def test_nobody_writes_for_a_foreign_facility(
    world: World, story: Story, app: asyncpg.Connection, table: str
) -> None:
    for mine, theirs in (
        (world.stranger, world.county_hospital),
        (world.county_hospital, world.stranger),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with app.transaction():
                await _become(app, mine)
                await app.execute(INSERTS[table], *_row(table, theirs, story))


@pytest.mark.parametrize("table", ["pregnancy", "newborn"])
async def test_nobody_hangs_rows_on_a_patient_out_of_sight(
    world: World, story: Story, app: asyncpg.Connection, table: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with app.transaction():
            await _become(app, world.stranger)
            await app.execute(INSERTS[table], *_row(table, world.stranger, story))


async def test_a_foreign_patient_cannot_be_pulled_into_ones_own_case(
    database: Clone, world: World, story: Story
) -> None:
    thief = world.outsider
    own = CaseId(new_id())
    with pytest.raises(NotFound):
        async with database.app.session(thief) as session:
            await parties.add_facility(
                session, own, world.stranger, PartyRole.ORIGIN, world.far_county
            )
            await link_case(session, thief, own, story.pregnancy_id)
    link = "INSERT INTO case_pregnancy (case_id, pregnancy_id, patient_id) VALUES (:c, :g, :p)"
    ids = {"g": story.made.pregnancy_id, "p": story.made.patient_id}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(thief) as session:
            await parties.add_facility(
                session, own, world.stranger, PartyRole.ORIGIN, world.far_county
            )
            await session.execute(text(link), {**ids, "c": own})
    # Nor does a patient of one's own open a case of others.
    theirs = await scene.patient(database.app, world, thief)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(thief) as session:
            ids = {"g": theirs.pregnancy_id, "p": theirs.patient_id}
            await session.execute(text(link), {**ids, "c": story.case_id})
    # And the link names the patient of that pregnancy, nobody else.
    doctor = world.doctor
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(doctor) as session:
            ids = {"g": story.made.pregnancy_id, "p": theirs.patient_id}
            await session.execute(text(link), {**ids, "c": story.case_id})


async def test_a_receiver_changes_no_identity_and_nobody_deletes(
    database: Clone, world: World, story: Story
) -> None:
    expert = world.expert
    async with database.app.session(expert) as session:
        changed = await session.execute(text("UPDATE patient SET birth_date = '1990-01-01'"))
        assert changed.rowcount == 0  # type: ignore[attr-defined]
        grown = await session.execute(text("UPDATE pregnancy SET plurality = 2"))
        assert grown.rowcount == 1  # type: ignore[attr-defined]
    for statement in (
        "UPDATE patient SET facility_id = facility_id",
        "UPDATE patient SET name_sealed = 'x'",
        *(f"DELETE FROM {table}" for table in TABLES),
        "UPDATE access_log SET purpose = 'open'",
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
            async with database.app.session(world.doctor) as session:
                await session.execute(text(statement))


async def test_the_owner_has_no_back_door(database: Clone, world: World, story: Story) -> None:
    owner = await asyncpg.connect(database.owner_url)
    try:
        for table in ("patient", "patient_identifier", "pregnancy", "newborn"):
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute("TRUNCATE access_log")
    finally:
        await owner.close()


async def test_every_table_that_names_a_patient_is_secured(database: Clone) -> None:
    connection = await asyncpg.connect(database.owner_url)
    try:
        open_tables = await connection.fetch(
            "SELECT DISTINCT c.oid::regclass::text AS name FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
            " AND (a.attname IN ('patient_id', 'pregnancy_id') OR c.relname = 'patient')"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        )
        bypass = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'yunshang%'"
            " AND (rolbypassrls OR rolsuper)"
        )
    finally:
        await connection.close()
    assert [row["name"] for row in open_tables] == []
    assert [row["rolname"] for row in bypass] == []


async def test_a_viewer_of_two_hospitals_sees_both(
    database: Clone, world: World, story: Story
) -> None:
    both = replace(world.outsider, facility_ids=frozenset({world.stranger, world.county_hospital}))
    assert await _counts(database, both) == WHOLE
