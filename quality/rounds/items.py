"""What may be assessed in a frozen period, and the items of a plan as the API says them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import BadInput
from quality import indicators
from quality.frozen import rows
from quality.groups import Group
from quality.handbook import versions
from quality.handbook.showing import definition_out
from quality.handbook.versions import Version
from quality.repository import Scope
from quality.rounds.errors import ItemUnknown
from quality.rounds.plan import Plan, PlannedItem
from quality.rounds.rules import OnSite, Rules
from quality.rounds.schemas import AssessedItem, Figures, ItemIn
from quality.rounds.scoring import Band
from quality.rulebook import versions as rulebook
from quality.untold import confidential
from quality.values import of_centre
from quality.vocabulary import ElsewhereMeasure


async def offered(session: AsyncSession, freeze_id: UUID) -> list[Version]:
    """Definitions of centres that a frozen period keeps, in the handbook's order."""
    kept = await rows.version_ids(session, freeze_id)
    return [
        one
        for one in await versions.every(session)
        if one.id in kept and "centre" in one.definition.levels
    ]


def planned(given: Sequence[ItemIn], known: Sequence[Version], rules: Rules) -> list[PlannedItem]:
    """The items of a plan.

    Raises:
        BadInput: an item twice, or a weight without a method where data is held, or a method for
            what is judged on the spot.
        ItemUnknown: neither a centre's indicator of the period nor an on-site item of the rules:
            a province adds no on-site items of its own.
    """
    codes = [one.code for one in given]
    if len(set(codes)) != len(codes):
        raise BadInput(field="items", reason="项目重复 / an item stands twice")
    by_code = {one.definition.code: one for one in known}
    return [_planned(one, by_code, rules) for one in given]


def _planned(given: ItemIn, known: Mapping[str, Version], rules: Rules) -> PlannedItem:
    version = known.get(given.code)
    if version is None:
        if rules.item(given.code) is None:
            raise ItemUnknown(code=given.code)
        if given.scoring is not None:
            reason = "现场项目由评估人员判定 / judged on the spot"
            raise BadInput(field=f"items.{given.code}.scoring", reason=reason)
        return PlannedItem(given.code, "on_site", None, given.weight, None, given.basis)
    if given.weight and given.scoring is None and computed(version):
        reason = "有权重的指标须有计分办法 / a weight needs a method"
        raise BadInput(field=f"items.{given.code}.scoring", reason=reason)
    return PlannedItem(
        given.code, "indicator", version.id, given.weight, given.scoring, given.basis
    )


def computed(version: Version) -> bool:
    """Whether a centre's figure can be told: data are held, and not of reviews alone."""
    measure = version.definition.measure
    return not (isinstance(measure, ElsewhereMeasure) or confidential(measure))


def proposed(version: Version, rules: Rules) -> PlannedItem:
    """A definition as a plan would begin with it: the region's weight, or the handbook's if any."""
    definition = version.definition
    own = rules.weight_of(definition.code)
    if own is not None:
        scoring = own.scoring if computed(version) else None
        return PlannedItem(
            definition.code, "indicator", version.id, own.weight, scoring, own.source
        )
    base = definition.baseline
    scoring = None if base is None else Band(base.low, base.high)
    basis = "" if base is None else base.source
    return PlannedItem(definition.code, "indicator", version.id, definition.weight, scoring, basis)


def proposed_site(rule: OnSite, rules: Rules) -> PlannedItem:
    """An on-site item as a plan would begin with it: the region's weight, if it has one."""
    own = rules.weight_of(rule.code)
    weight, basis = (None, "") if own is None else (own.weight, own.source)
    return PlannedItem(rule.code, "on_site", None, weight, None, basis)


def of_indicator(item: PlannedItem, version: Version) -> AssessedItem:
    """An indicator in a plan."""
    definition = version.definition
    return AssessedItem(
        code=item.code,
        kind="indicator",
        aspect=definition.aspect,
        name=definition.name,
        computed=computed(version),
        weight=item.weight,
        weight_to_be_verified=item.to_be_verified,
        scoring=item.scoring,
        basis=item.basis,
        definition=definition_out(version),
        look=None,
        source=definition.source,
        confidence=definition.confidence,
        to_be_verified=version.to_be_verified,
    )


def of_site(item: PlannedItem, rule: OnSite) -> AssessedItem:
    """An on-site item in a plan."""
    return AssessedItem(
        code=item.code,
        kind="on_site",
        aspect=rule.aspect,
        name=rule.name,
        computed=False,
        weight=item.weight,
        weight_to_be_verified=item.to_be_verified,
        scoring=None,
        basis=item.basis,
        definition=None,
        look=rule.look,
        source=rule.source,
        confidence=rule.confidence,
        to_be_verified=rule.to_be_verified,
    )


async def shown(session: AsyncSession, plan: Plan) -> list[AssessedItem]:
    """A plan's items, each with what it means."""
    wanted = {one.version_id for one in plan.items}
    known = {one.id: one for one in await versions.every(session) if one.id in wanted}
    rules = await rulebook.rules_called(session, plan.rules)
    found = []
    for item in plan.items:
        if item.version_id is not None:
            found.append(of_indicator(item, known[item.version_id]))
        elif (rule := rules.item(item.code)) is not None:
            found.append(of_site(item, rule))
    return found


async def figures(
    session: AsyncSession, plan: Plan, scope: Scope, centres: Sequence[UUID]
) -> dict[UUID, list[tuple[PlannedItem, Figures]]]:
    """What each centre comes to in the frozen period, item by item: each centre for itself.

    A number is of the house that stands as the place of its members, as in the mean of centres.
    """
    known = {one.id: one for one in await versions.every(session)}
    asked = [(one, known[one.version_id]) for one in plan.items if one.version_id is not None]
    totals = await indicators.measured(session, scope, "with", [version for _, version in asked])
    found: dict[UUID, list[tuple[PlannedItem, Figures]]] = {centre: [] for centre in centres}
    for (item, version), told in zip(asked, totals, strict=True):
        if told is None or not computed(version):
            continue
        places = {group.key: group for group in told.places}
        for centre in centres:
            found[centre].append((item, _figures(version, places.get(centre))))
    return found


def _figures(version: Version, group: Group | None) -> Figures:
    value = of_centre(version.definition, group)
    share = version.definition.fraction
    if group is None:
        return Figures(0, 0 if share else None, value, 0, 0)
    n, of = (group.met, group.n) if share else (group.n, None)
    return Figures(n, of, value, group.late, group.demo)
