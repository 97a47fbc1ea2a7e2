"""A region's own rules after a death: entered, compared, then what a death is judged by."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.errors import BadInput
from kernel.ids import RegionId
from quality.rulebook import service, versions
from quality.rulebook.schemas import EnterRules
from referral.aftermath import ruled, timers
from referral.aftermath.deadlines import DEADLINES, Rule, Ruleset
from referral.aftermath.schemas import DeathReview, ReviewStep
from referral.commands.on_case import Die
from referral.service.finish import die
from registry.facilities.rules import local_date
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM
from tests.referral.aftermath.roads import accepted
from tests.referral.aftermath.test_reviews import DEATH, reviews
from tests.referral.network import Network, build
from tests.registry.world import START

TODAY = local_date(START)
SOURCE = "云山省孕产妇死亡报告与评审办法（演示）"


@pytest.fixture
async def net(database: Clone) -> Network:
    return await build(database)


@pytest.fixture(scope="module")
async def there(module_database: Clone) -> Network:
    return await build(module_database)


def own(**reminders: int) -> dict[str, Any]:
    """The release's rules with a report within a day, and a review within ten working days."""
    content: dict[str, Any] = versions.plain(DEADLINES)
    content["rules"].append(
        {
            "code": "province_report", "step": "report_county_mch", "who": ["mother"], "amount": 1,
            "unit": "days", "confidence": "V", "source": SOURCE, "zh": "1 日内报告",
        }
    )  # fmt: skip
    for one in content["rules"]:
        if one["code"] == "xinfeng_hospital_review":
            one |= {"amount": 10, "source": SOURCE}
    content["reminders"] |= reminders
    return content


def order(region: RegionId, content: dict[str, Any]) -> EnterRules:
    return EnterRules(
        kind=ruled.KIND,
        region_id=region,
        replaces=DEADLINES.version,
        valid_from=TODAY,
        source=SOURCE,
        content=content,
    )


async def enter(net: Network, by: str, wanted: EnterRules) -> UUID:
    viewer = net.staff[by]
    async with net.clone.app.session(viewer) as session:
        return (await service.enter(session, viewer, wanted)).id


async def dies(net: Network) -> DeathReview:
    case, _ = await accepted(net)
    await net.act("county_doctor", case, die, Die, **DEATH)
    return next(one for one in await reviews(net, "county_doctor") if one.case.id == case)


def steps(review: DeathReview) -> dict[str, ReviewStep]:
    return {one.step: one for one in review.steps}


async def test_a_death_is_judged_by_the_rules_of_its_region_and_day(net: Network) -> None:
    before = await dies(net)
    made = await enter(net, "commission", order(net.regions["province"], own(again_hours=5)))
    waiting = await dies(net)
    admin = net.staff["admin"]
    async with net.clone.app.session(admin) as session:
        await service.verify(session, admin, made, "办法第 3 条")
    after = await dies(net)

    assert before.ruleset == waiting.ruleset == DEADLINES.version
    assert after.ruleset != DEADLINES.version
    old, new = steps(waiting), steps(after)
    assert new["report_county_mch"].due_at == old["report_county_mch"].due_at - timedelta(days=1)
    assert new["hospital_review"].due_at < old["hospital_review"].due_at
    assert new["county_review"].due_at == old["county_review"].due_at
    assert (new["report_county_mch"].source, new["report_county_mch"].rule_zh) == (
        SOURCE,
        "1 日内报告",
    )
    # What was opened before goes on by the rules of then.
    (still,) = [one for one in await reviews(net, "county_doctor") if one.id == waiting.id]
    assert steps(still) == old

    net.wait(days=1, minutes=1)
    while await timers.run_due(net.clone.system, net.clock):
        pass
    again = text("SELECT remind_at FROM death_review_step WHERE review_id = :id AND step = :step")
    async with net.clone.system.session(SYSTEM) as session:
        named = {"id": after.id, "step": "report_county_mch"}
        at = (await session.execute(again, named)).scalar_one()
    assert at == net.clock.now() + timedelta(hours=5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["rules"].pop(3), "county_review"),
        (lambda content: content["rules"][0].update(step="picnic"), "picnic"),
        (lambda content: content["rules"][0].update(amount=0), "amount"),
        (lambda content: content["steps"].pop("county_review"), "步骤"),
    ],
)
async def test_rules_that_leave_a_step_without_a_limit_are_refused(
    net: Network, change: Any, said: str
) -> None:
    content = own()
    change(content)
    with pytest.raises(BadInput) as refused:
        await enter(net, "commission", order(net.regions["province"], content))
    assert said in str(refused.value.fields["reason"])


days = st.integers(0, 6).map(lambda n: date(2026, 12, 1) + timedelta(days=n))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    written=st.lists(
        st.tuples(
            st.sampled_from(["province", "city", "county", "far"]),
            days,
            st.none() | st.integers(1, 4),
            st.booleans(),
        ),
        max_size=5,
    )
)
async def test_the_database_and_the_rulebook_name_the_same_version(
    there: Network,
    written: list[tuple[str, date, int | None, bool]],
) -> None:
    """Whatever regions entered, whatever was compared: the same counts for both, day by day."""
    author, other = there.staff["commission"].person_id, there.staff["admin"].person_id
    async with there.clone.system.session(SYSTEM) as session:
        for no, (region, first, lasts, compared) in enumerate(written):
            rules = [*DEADLINES.rules, extra(no)]
            content = msgspec.structs.replace(DEADLINES, version=f"v{no}", rules=rules)
            made = await versions.install(
                session, ruled.KIND, content, region_id=there.regions[region],
                valid_from=first,
                valid_to=None if lasts is None else first + timedelta(days=lasts),
                source=SOURCE, added_by=author,
            )  # fmt: skip
            assert made is not None
            if compared:
                await versions.verify(session, made, person_id=other, document="x")
        book = await versions.book(session, ruled.KIND)
        for name in ("province", "city", "county", "far"):
            where = there.regions[name]
            for n in range(8):
                day = date(2026, 12, 1) + timedelta(days=n)
                found: Ruleset = await ruled.in_force(session, where, day)
                assert found == book.at(where, day).content, (name, day)
        await session.rollback()


def extra(no: int) -> Rule:
    return msgspec.structs.replace(DEADLINES.rules[0], code=f"own_{no}", amount=no + 1)
