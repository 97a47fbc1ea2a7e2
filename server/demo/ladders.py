"""A ladder that one house of the synthetic region wrote for itself."""

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import policy
from duty.escalation.calling import MDT
from duty.escalation.ladder import ANY, Mode
from server.demo.places import Seeded

HOUSE = "YJ001"
AUTHOR = "yj001.coordinator"


async def seed_ladders(session: AsyncSession, seeded: Seeded) -> None:
    """The city's centre calls its team faster than the platform's default would."""
    await policy.install(
        session,
        event=MDT,
        level=ANY,
        facility_id=seeded.facilities[HOUSE],
        recorded_by=seeded.people[AUTHOR],
        mode=Mode.QUORUM,
        quorum={"obstetrics": 1, "neonatology": 1, "anaesthesia": 1},
        steps=[
            {"delay_s": 0, "tiers": ["first", "second", "third"], "specialties": [ANY]},
            {"delay_s": 90, "tiers": ["lead", "general_duty"], "specialties": [ANY]},
            {
                "delay_s": 90,
                "tiers": ["first", "second"],
                "specialties": ["obstetrics", "neonatology", "anaesthesia"],
                "at": "upper",
            },
        ],
        repeat_s=60,
        source="演示：云江市妇幼多学科急救呼叫约定（虚构）",
        confidence="待核实",
    )
