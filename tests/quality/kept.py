"""Facts beside the views that they keep."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

VIEWS: Final = {
    "fact_case": "fact_case_now",
    "fact_guidance": "fact_guidance_now",
    "fact_consult": "fact_consult_now",
    "fact_case_file": "fact_case_file_now",
    "fact_delivery": "quality_delivery",
    "fact_newborn": "quality_newborn",
    "fact_annual_return": "quality_annual_return",
    "fact_practice_card": "quality_practice_card",
    "fact_house_licence": "quality_house_licence",
    "fact_child_return": "quality_child_return",
    "fact_institution_return": "quality_institution_return",
    "fact_pregnancy": "fact_pregnancy_now",
}


async def differences(session: AsyncSession) -> list[tuple[str, str]]:
    """Rows that stand only among the facts, or only in the view."""
    found = []
    for table, view in VIEWS.items():
        query = (
            f"(SELECT 'kept', t::text FROM (TABLE {table} EXCEPT ALL TABLE {view}) t)"
            f" UNION ALL (SELECT 'told', t::text FROM (TABLE {view} EXCEPT ALL TABLE {table}) t)"
        )
        found += [(side, f"{table} {row}") for side, row in await session.execute(text(query))]
    return found
