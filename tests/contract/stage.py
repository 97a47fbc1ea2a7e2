"""The whole application on a seeded region, everybody logged in, and another hospital's rows."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import service as rosters
from duty.rosters.plans import service as plans
from kernel.ids import new_id
from kernel.tokens import token_hash
from kernel.viewer import REGIONAL_ROLES, Role, Viewer
from quality.handbook import versions as handbook
from referral.commands.on_case import Commit
from referral.commands.on_offer import Accept
from referral.service.accept import accept
from referral.service.commit import take_up
from registry.people.models import Account, LoginSession
from registry.people.service import create_person, grant_role
from server.commands.openapi import document
from server.settings import Settings
from tests.consult.imaging.receiving.standing import arrived
from tests.consult.media.standing import stand
from tests.contract.assessed import assessed
from tests.contract.consulted import advised, consulted, done, guided, in_its_room, reported
from tests.contract.description import Description, Operation
from tests.contract.judging import Ledger
from tests.contract.spoiling import NOWHERE, Spoiler
from tests.contract.taught import taught
from tests.fixtures.database import Clone
from tests.kernel.media.pictures import png
from tests.matrix.door import Door, opened
from tests.matrix.foreign import HANDOVER, scanned
from tests.quality.reviews.standing import proposed
from tests.realtime.wire import frame
from tests.referral.network import SEALER, SEEDER, Network, build
from tests.registry.world import password_hash

OFFICES = {
    "security": (Role.SECURITY_ADMIN, "institute"),
    "auditor": (Role.AUDITOR, "institute"),
    "listkeeper": (Role.SPECIAL_POPULATION, "county"),
    "leaver": (Role.EXPERT, "institute"),
    "city_chief": (Role.COORDINATOR, "city"),
    "outsider_desk": (Role.DUTY_DESK, "stranger"),
    "city_office": (Role.MEDICAL_AFFAIRS, "city"),
}
"""People beside the network's own: offices, somebody to disable, a far desk."""


@dataclass(slots=True)
class Stage:
    """Everything that a test of the interface needs."""

    door: Door
    net: Network
    description: Description
    spoiler: Spoiler
    ledger: Ledger
    accounts: dict[str, UUID]
    tokens: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Cookies of opened links, by what their holders are called on journeys."""
    attacked: set[str] = field(default_factory=set)

    async def call(
        self,
        who: str | None,
        operation: Operation,
        ids: Mapping[str, str],
        body: Any = None,
        *,
        key: str | None = "",
        query: str = "",
        **more: Any,
    ) -> httpx.Response:
        """One request of an operation; `key` is fresh unless given, None for none."""
        path = operation.path.format(**ids) + query
        headers = dict(more.pop("headers", {}))
        if operation.keyed and key is not None:
            headers["idempotency-key"] = key or str(uuid4())
        if body is not None:
            more["json"] = body
        link = self.links.get(who or "")
        token = None if who is None or link else self.tokens[who]
        return await self.door.send(
            operation.method, path, token=token, link=link, headers=headers, **more
        )

    async def case(self, who: str, case_id: str) -> dict[str, Any]:
        """The case as somebody sees it."""
        answer = await self.door.send("GET", f"/api/referrals/{case_id}", token=self.tokens[who])
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    async def log_in(self, who: str) -> str:
        """One more session of somebody; its id. The token takes the place of the former."""
        token, session_id = secrets.token_urlsafe(32), new_id()
        now = self.net.clock.now()
        async with self.net.clone.system.session(SEEDER) as session:
            session.add(
                LoginSession(
                    id=session_id,
                    token_hash=token_hash(token),
                    account_id=self.accounts[who],
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + timedelta(hours=8),
                    address="198.51.100.7",
                    user_agent="test",
                )
            )
        self.tokens[who] = token
        return str(session_id)


async def _employ(net: Network, who: Viewer, login: str) -> UUID:
    """An account for somebody of the network."""
    account_id = new_id()
    async with net.clone.system.session(SEEDER) as session:
        session.add(
            Account(
                id=account_id,
                person_id=who.person_id,
                login=login,
                password_hash=password_hash(),
                created_at=net.clock.now(),
            )
        )
        await session.flush()
        for role in who.roles:
            regional = role in REGIONAL_ROLES and bool(who.region_ids)
            await grant_role(
                session,
                net.clock,
                account_id,  # type: ignore[arg-type]
                role,
                facility_id=None if regional else who.facility_id,
                region_id=next(iter(who.region_ids)) if regional else None,
            )
    return account_id


async def _officer(net: Network, name: str, role: Role, place: str) -> Viewer:
    async with net.clone.system.session(SEEDER) as session:
        person = await create_person(
            session, net.clock, SEALER, facility_id=net.places[place], name=f"测试{name}"
        )
    sample = net.staff["outsider"]
    return Viewer(
        account_id=sample.account_id,
        person_id=person,
        session_id=None,
        facility_id=net.places[place],
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset({role}),
    )


async def _recording(url: str, facility: UUID) -> str:
    """A monitor with an unbound recording."""
    device, recording = uuid4(), uuid4()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO ctg_device (id, serial, kind, facility_id) VALUES ($1, $2, 'monitor', $3)",
            device, device.hex, facility,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO ctg_recording (id, device_id, facility_id, channels, started_at)"
            " VALUES ($1, $2, $3, '{fhr1}', clock_timestamp())",
            recording, device, facility,
        )  # fmt: skip
    finally:
        await connection.close()
    return str(recording)


async def _alarm(url: str, recording: str) -> str:
    """An alarm of that recording that nobody has answered."""
    alarm = uuid4()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO ctg_alarm (id, recording_id, facility_id, kind, channel, priority, state,"
            "  raised_at, onset_seq, seq, value, limits_id)"
            " SELECT $1, r.id, r.facility_id, 'bradycardia', 1, 'high', 'active',"
            "  clock_timestamp(), 10, 40, 320, ctg_alarm_limits_of(r.facility_id, '')"
            "  FROM ctg_recording r WHERE r.id = $2",
            alarm, UUID(recording),
        )  # fmt: skip
    finally:
        await connection.close()
    return str(alarm)


async def _device(url: str, recording: str) -> str:
    """The monitor that made a recording; the administrator keeps every house's."""
    connection = await asyncpg.connect(url)
    try:
        wanted = "SELECT device_id FROM ctg_recording WHERE id = $1"
        return str(await connection.fetchval(wanted, UUID(recording)))
    finally:
        await connection.close()


async def _read(stage: Stage, doctor: str, ids: dict[str, str], centre: str) -> dict[str, str]:
    """A reading of a tracing of hers, asked of a centre, that its own people have looked at."""

    url = stage.net.clone.superuser_url
    recording = await _recording(url, UUID(ids["facility_id"]))
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames)"
            " SELECT $1, 1, ARRAY[no], ARRAY[10], $2 FROM ctg_recording WHERE id = $3",
            uuid4(), b"".join(frame(seq) for seq in range(1, 11)), UUID(recording),
        )  # fmt: skip
    finally:
        await connection.close()
    woman = {"pregnancy_id": ids["pregnancy_id"], "version": 1}
    await done(stage, doctor, f"/api/ctg/recordings/{recording}/bind", woman)
    seconds = {"from_seq": 1, "to_seq": 10, "urgency": "routine", "question": "？"}
    reader = {"recording_id": recording, "reader_facility_id": str(stage.net.places[centre])}
    reading = (await done(stage, doctor, "/api/ctg/readings", reader | seconds))["reading"]["id"]
    view = await done(stage, doctor, f"/api/ctg/readings/{reading}/look", {})
    return {"reading_id": reading, "view_id": view["id"], "read_recording_id": recording}


async def _listed(stage: Stage, doctor: str, place: str) -> dict[str, str]:
    """Somebody keeps special-population lists, with one line on this month's."""
    net, token = stage.net, stage.tokens[doctor]
    async with net.clone.system.session(SEEDER) as session:
        await grant_role(
            session,
            net.clock,
            stage.accounts[doctor],  # type: ignore[arg-type]
            Role.SPECIAL_POPULATION,
            facility_id=net.places[place],
        )
    pregnancy = str(await net.pregnancy(net.staff[doctor]))
    body = {"pregnancy_id": pregnancy, "month": "2026-11", "categories": [{"code": "minor"}]}
    headers = {"idempotency-key": str(uuid4())}
    path = "/api/special-population"
    await stage.door.send("POST", path, token=token, json=body, headers=headers)
    month = (await stage.door.send("GET", f"{path}?month=2026-11", token=token)).json()
    line = month["lists"][0]
    return {"list_id": line["id"], "row_id": line["lines"][0]["row_id"]}


async def _filed(stage: Stage, doctor: str) -> dict[str, str]:
    """A case file of somebody's, whose hand-over to the province is proposed."""
    net, token = stage.net, stage.tokens[doctor]
    pregnancy = str(await net.pregnancy(net.staff[doctor]))

    async def post(path: str, body: dict[str, Any]) -> Any:
        headers = {"idempotency-key": str(uuid4())}
        return (await stage.door.send("POST", path, token=token, json=body, headers=headers)).json()

    opening = {"pregnancy_id": pregnancy, "reason": "test", "colour": "red"}
    file = await post("/api/case-files", opening)
    asked = {"version": 1, "facility_id": str(net.places["province"]), "reason": "test"}
    file = await post(f"/api/case-files/{file['id']}/actions/propose_handover", asked)
    return {
        "file_id": file["id"],
        "report_id": file["reports"][0]["id"],
        "task_id": file["tasks"][0]["id"],
        "handover_id": file["handovers"][0]["id"],
    }


async def _planned(session: AsyncSession, net: Network) -> dict[str, str]:
    """An empty plan of the county's own."""
    group = await rosters.create_group(
        session, SEEDER, facility_id=net.places["county"], code="ICU", name="重症组"
    )
    begin = net.clock.now() + timedelta(days=1)
    plan = await plans.draft(
        session,
        net.clock,
        SEEDER,
        group_id=group,
        kind="regular",
        name="测试",
        period=(begin, begin + timedelta(days=1)),
    )
    return {"group_id": str(group), "plan_id": str(plan)}


async def _leg(net: Network, doctor: str, expert: str) -> str:
    """A journey that is planned."""
    place = net.staff[expert].facility_id
    case = await net.sent(place, sender=doctor)
    offer = (await net.see(doctor, case)).offers[0].id
    await net.act(expert, case, accept, Accept, on=offer, bed="1")
    await net.act(doctor, case, take_up, Commit, offer_id=offer)
    return str((await net.see(doctor, case)).legs[0].id)


async def _attachment(stage: Stage, who: str, case_id: str) -> str:
    """A picture of the case."""
    headers = {"idempotency-key": str(uuid4()), "content-type": "image/png"}
    answer = await stage.door.send(
        "POST",
        f"/api/referrals/{case_id}/attachments?kind=lab",
        token=stage.tokens[who],
        content=png(),
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["attachments"][0]["id"])


async def _paper(stage: Stage, who: str, case_id: str) -> str:
    """A paper of the case."""
    answer = await stage.door.send(
        "POST",
        f"/api/cases/{case_id}/documents/transfer",
        token=stage.tokens[who],
        json={},
        headers={"idempotency-key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _reviewed(net: Network, ids: dict[str, str], doctor: str, place: str) -> dict[str, str]:
    """A review that a house is to hold, and a measure that the doctor owes."""
    house, owner = net.places[place], net.staff[doctor].person_id
    async with net.clone.system.session(SEEDER) as session:
        return await proposed(session, UUID(ids["case_id"]), house, owner, net.clock.now())


async def _known_ids(stage: Stage) -> None:
    """Rows that operations name in their paths, and the same of a far hospital."""
    net, url = stage.net, stage.net.clone.superuser_url
    for ids, doctor, place in (
        (stage.ids, "county_doctor", "county"),
        (stage.foreign, "outsider", "stranger"),
    ):
        ids["pregnancy_id"] = str(await net.pregnancy(net.staff[doctor]))
        ids["person_id"] = str(net.staff[doctor].person_id)
        ids["facility_id"] = str(net.places[place])
        ids["recording_id"] = await _recording(url, net.places[place])
        ids["alarm_id"] = await _alarm(url, ids["recording_id"])
        centre = "city" if ids is stage.ids else "province"
        ids.update(await _read(stage, doctor, ids, centre))
        ids.update(await consulted(stage, doctor, ids, centre))
        ids.update(await guided(stage, doctor, centre))
        ids.update(await reported(stage, doctor))
        ids["case_id"] = str(await net.sent(net.places["province"], sender=doctor))
        case = await stage.case(doctor, ids["case_id"])
        ids["offer_id"] = case["offers"][0]["id"]
        pages = await stage.door.send(
            "GET", f"/api/cases/{ids['case_id']}/pages", token=stage.tokens[doctor]
        )
        ids["page_id"] = pages.json()[0]["id"]
        ids.update(await _filed(stage, doctor))
        ids["document_id"] = await _paper(stage, doctor, ids["case_id"])
        ids["advice_id"] = await advised(stage, ids["case_id"])
        ids["attachment_id"] = await _attachment(stage, doctor, ids["case_id"])
        ids.update(await scanned(stage.door, stage.tokens[doctor], ids["case_id"]))
        ids.update(await arrived(stage.door.app, net.clone, net.places[place], f"US-{place}"))
        ids.update(await _listed(stage, doctor, place))
        ids.update(await _reviewed(net, ids, doctor, "institute" if centre == "city" else place))
    stage.ids["leg_id"] = await _leg(net, "county_doctor", "city_expert")
    stage.foreign["leg_id"] = await _leg(net, "outsider", "province_expert")
    del stage.foreign["machine_id"]  # the administrator keeps every hospital's
    stage.ids["account_id"] = str(stage.accounts["leaver"])
    stage.ids |= {"code": "request_to_accept", "kind": "transfer"}
    stage.ids |= {"n": "1", "baby": "1", "seq": "1", "frame": "0"}
    stage.ids |= dict.fromkeys(("reference_id", "leave_id", "qualification_id"), NOWHERE)
    async with net.clone.system.session(SEEDER) as session:
        stage.ids |= await _planned(session, net)
        connection = await session.connection()
        found = await connection.exec_driver_sql(
            "SELECT s.id FROM slot s JOIN expert_group g ON g.id = s.group_id"
            f" WHERE g.facility_id = '{net.places['city']}' LIMIT 1"
        )
        stage.ids["slot_id"] = str(found.scalar_one())
        ladder = await connection.exec_driver_sql("SELECT id FROM policy_version LIMIT 1")
        stage.ids["policy_id"] = str(ladder.scalar_one())
    stage.ids.update(await _changed(stage))
    for ids, doctor, expert in (
        (stage.ids, "county_doctor", "city_expert"),
        (stage.foreign, "outsider", "province_expert"),
    ):
        ids.update(await in_its_room(stage, doctor, expert, ids))
    await taught(stage)
    stage.ids["drill_id"] = await _drill(stage)
    stage.ids["period_id"] = await _closed(stage)
    stage.ids |= await assessed(stage, stage.ids["period_id"])
    stage.ids["ctg_device_id"] = await _device(url, stage.ids["recording_id"])


async def _closed(stage: Stage) -> str:
    """A month that the health commission closed."""
    days = {"first_day": "2026-02-01", "last_day": "2026-02-28"}
    answer = await stage.door.send(
        "POST",
        "/api/quality/periods",
        token=stage.tokens["commission"],
        json={"region_id": str(stage.net.regions["city"]), **days},
        headers={"idempotency-key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _drill(stage: Stage) -> str:
    """The city rings its own people, for practice; the engine has not begun."""
    answer = await stage.door.send(
        "POST",
        "/api/duty/drills",
        token=stage.tokens["city_office"],
        json={"facility_id": str(stage.net.places["city"])},
        headers={"idempotency-key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _changed(stage: Stage) -> dict[str, str]:
    """Somebody took over one of the city's places; the other one's shift is named."""
    shifts = []
    connection = await asyncpg.connect(stage.net.clone.superuser_url)
    try:
        shifts = await connection.fetch(
            "SELECT h.id FROM shift h JOIN slot s ON s.id = h.slot_id"
            " JOIN expert_group g ON g.id = s.group_id WHERE g.facility_id = $1 ORDER BY s.slot_no",
            stage.net.places["city"],
        )
    finally:
        await connection.close()
    answer = await stage.door.send(
        "POST",
        "/api/duty/takeovers",
        token=stage.tokens["city_second"],
        json={"shift_id": str(shifts[1]["id"])},
        headers={"idempotency-key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.text
    async with stage.net.clone.system.session(SEEDER) as session:
        values = {"shift": shifts[1]["id"], "at": stage.net.clock.now()}
        handover = (await session.execute(HANDOVER, values)).scalar_one()
    return {
        "shift_id": str(shifts[0]["id"]),
        "change_id": answer.json()["id"],
        "duty_handover_id": str(handover),
    }


@asynccontextmanager
async def staged(database: Clone, valkey_url: str, place: Path) -> AsyncIterator[Stage]:
    """Build it, and take it down again."""
    settings = Settings(
        database_url=database.app_url,
        system_database_url=database.system_url,
        valkey_url=valkey_url,
        data_dir=place,
        demo=True,
    )
    net = await build(database)
    async with database.system.session(SEEDER) as session:
        await handbook.install_shipped(session)
    await stand(valkey_url)
    for name, (role, where) in OFFICES.items():
        net.staff[name] = await _officer(net, name, role, where)
    accounts = {name: await _employ(net, who, name) for name, who in net.staff.items()}
    description = Description(document())
    ledger = await Ledger.open(database.superuser_url)
    async with opened(settings, net.clock, place) as door:
        stage = Stage(door, net, description, Spoiler(description), ledger, accounts, tokens={})
        for name in accounts:
            await stage.log_in(name)
        await _known_ids(stage)
        try:
            yield stage
        finally:
            await ledger.close()


UNKNOWN = NOWHERE
