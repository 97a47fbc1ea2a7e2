"""How paging stands, for screens, for watches elsewhere and for collectors of numbers."""

from sqlalchemy.ext.asyncio import AsyncSession

from duty.watch import repository
from duty.watch.schemas import PagingHealth, PagingSign
from duty.watch.signs import SEVERITY, PagingVitals, Severity, Sign, judge


async def health(session: AsyncSession) -> PagingHealth:
    """The word of the watches that are at work; without any, this one look.

    A single look knows no patience: it may show for a second what a watch would have waited out.
    Better that than a screen that stays green because the watch died with the engine.
    """
    seen = await repository.vitals(session)
    standing = await repository.watched(session)
    if standing is None:
        signs = [PagingSign(one.sign, one.severity, one.value, one.channel) for one in judge(seen)]
        signs.append(PagingSign(Sign.UNWATCHED, SEVERITY[Sign.UNWATCHED], 0))
    else:
        signs = [
            PagingSign(one.sign, one.severity, one.value, one.channel, one.raised_at)
            for one in standing
        ]
    return answer(signs, seen, watched=standing is not None)


def answer(signs: list[PagingSign], seen: PagingVitals | None, *, watched: bool) -> PagingHealth:
    """Alarms first; one alarm is enough to say so."""
    ordered = sorted(signs, key=lambda one: one.severity != Severity.ALARM)
    impaired = any(one.severity == Severity.ALARM for one in ordered)
    return PagingHealth("impaired" if impaired else "ok", watched, ordered, seen)


LOST = answer(
    [PagingSign(Sign.DATABASE_UNREACHABLE, Severity.ALARM, 0)],
    None,
    watched=False,
)
"""What is said when the database does not answer: nothing rings without it."""
