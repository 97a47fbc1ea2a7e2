"""The SBAR as known when the case was sent: taken once, never changed, without identity."""

from collections.abc import Sequence

import msgspec

from kernel.ids import FacilityId, PersonId
from referral.commands.fields import Vitals
from referral.models import RecordRow
from referral.readmodel.parts import Sbar
from referral.rules.conditions import CATALOGUE
from referral.service.desk import Desk
from registry.facilities import queries as facilities
from registry.people import queries as people
from registry.pregnancies.schemas import PregnancyOut


async def freeze(desk: Desk, woman: PregnancyOut, record: Sequence[RecordRow]) -> Sbar:
    """Situation, background, assessment and request of the case at the desk."""
    case = desk.rows.referral
    first = next((row.data for row in record if row.kind == "first"), {})
    seen = first.get("vitals")
    sender = PersonId(desk.viewer.person_id)
    person = (await people.get_many(desk.session, [sender])).get(sender)
    place = (await facilities.get_many(desk.session, [FacilityId(case.origin_id)])).get(
        FacilityId(case.origin_id)
    )
    condition = CATALOGUE[case.condition]
    requests = ["advice_now", "maternal_bed" if case.subject != "newborn" else "neonatal_cot"]
    if case.needs_neonatal and case.subject != "newborn":
        requests.append("neonatal_cot")
    return Sbar(
        taken_at=desk.at,
        situation=condition.zh,
        condition=case.condition,
        acuity=case.acuity,  # type: ignore[arg-type]
        subject=case.subject,  # type: ignore[arg-type]
        reason=str(first.get("reason") or ""),
        vitals=None if seen is None else msgspec.convert(seen, Vitals),
        age=woman.age,
        gestation_days=woman.gestation_days,
        gravida=woman.gravida,
        para=woman.para,
        plurality=woman.plurality,
        risk_colour=case.risk_colour,  # type: ignore[arg-type]
        purple=case.purple,
        needs_neonatal=case.needs_neonatal,
        consent=case.consent,  # type: ignore[arg-type]
        origin=place.short_name if place else "",
        sent_by=f"{person.name} {person.title}".strip() if person else "",
        requests=requests,
    )
