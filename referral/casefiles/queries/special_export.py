"""A month's special-population lists as a sheet: who took it out stands in it and on record."""

from collections.abc import Iterator
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles.queries.special import SpecialMonth, special_month
from referral.casefiles.rules.sheet import sheet
from registry.facilities.rules import CHINA
from registry.people import queries as people
from registry.pregnancies.access import Purpose

Language = Literal["zh", "en"]

_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "title": "重点人群月度名册（保密）",
        "taken": "导出",
        "form": "表式",
        "unverified": "待核实",
        "facility": "填报机构",
        "state": "状态",
        "draft": "填报中",
        "submitted": "已上报",
        "categories": "人群类别",
        "version": "版本",
        "between": "、",
    },
    "en": {
        "title": "Special population, monthly list (confidential)",
        "taken": "Exported",
        "form": "Form",
        "unverified": "to be verified",
        "facility": "Facility",
        "state": "State",
        "draft": "being filled in",
        "submitted": "handed in",
        "categories": "Categories",
        "version": "Version",
        "between": ", ",
    },
}


async def special_export(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    month: str,
    language: Language,
) -> bytes:
    """What the page shows, as a sheet; every woman on it is logged as exported.

    Raises:
        NotFound: the viewer does not hold the permission.
        MonthInvalid: not a month, or one that has not begun.
    """
    found = await special_month(
        session, clock, viewer, sealer, month, purpose=Purpose.SPECIAL_EXPORT
    )
    names = await people.get_many(session, {PersonId(viewer.person_id)})
    words = _WORDS[language]
    by = names[viewer.person_id].name if viewer.person_id in names else ""
    house = found.facility.name if found.facility else ""
    at = f"{clock.now().astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    form = [words["form"], found.form_version]
    if found.to_be_verified:
        form.append(words["unverified"])
    head = [[words["title"], month], [words["taken"], at, by, house], form]
    return sheet([*head, *_table(found, language)])


def _table(month: SpecialMonth, language: Language) -> Iterator[list[str]]:
    words = _WORDS[language]
    columns = [one.zh if language == "zh" else one.en for one in month.columns]
    named = {one.code: one.zh if language == "zh" else one.en for one in month.categories}
    yield [words["facility"], words["state"], words["categories"], *columns, words["version"]]
    for kept in month.lists:
        house = kept.facility.name if kept.facility else ""
        for line in kept.lines:
            yield [
                house,
                words[kept.state],
                words["between"].join(named.get(code, code) for code in line.categories),
                *(line.fields.get(one.code, "") for one in month.columns),
                str(line.version),
            ]
