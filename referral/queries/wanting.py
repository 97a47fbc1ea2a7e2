"""What the mother's form still wants: written there, or measured since the case began."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from referral.models import ReferralRow
from referral.rules.forms import FORMS, missing
from registry.observations import queries as observations

_MEASURED: dict[str, frozenset[str]] = {
    "vitals": frozenset({"sbp_mmhg", "hr_per_min", "spo2_percent"}),
    "hb_g_per_l": frozenset({"hb_g_per_l"}),
    "plt_10e9_per_l": frozenset({"plt_10e9_per_l"}),
}
"""Fields that a reading fills as well as the form does, by any of its codes."""


async def wanting(
    session: AsyncSession, viewer: Viewer, case: ReferralRow, known: Mapping[str, object]
) -> list[str]:
    """Expected fields that are neither written nor measured, in the form's order.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    lacking = missing(FORMS.mother, known)
    codes = frozenset[str]().union(*(_MEASURED.get(name, frozenset()) for name in lacking))
    if not codes:
        return lacking
    readings = await observations.latest(
        session, viewer, PregnancyId(case.pregnancy_id), codes, drill=case.drill
    )
    since = case.created_at
    fresh = {code for code, reading in readings.items() if reading.taken_at >= since}
    return [name for name in lacking if not _MEASURED.get(name, frozenset()) & fresh]
