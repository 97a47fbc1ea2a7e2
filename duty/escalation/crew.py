"""Who of those rung has said yes, who is there, and who is still missing: pure, by the policy.

A person counts for the specialty of the place in which they were last rung. Whoever said yes and
was silent is rung again; until they answer anew they do not count.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duty.escalation.ladder import ANY, Crew, Mode, Policy, Target
from duty.escalation.states import ReachState
from kernel.ids import FacilityId, PersonId, ShiftId

_ANSWERS = frozenset({ReachState.ACKNOWLEDGED, ReachState.DECLINED})


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the page got with one person at one step."""

    step: int
    person_id: PersonId
    state: ReachState
    specialty: str = ANY
    tier: str = ""
    shift_id: ShiftId | None = None
    facility_id: FacilityId | None = None
    acknowledged_at: datetime | None = None
    joined_at: datetime | None = None
    stood_down_at: datetime | None = None


def latest(standings: Sequence[Standing]) -> dict[PersonId, Standing]:
    """Each person's standing at the last step that rang them."""
    found: dict[PersonId, Standing] = {}
    for one in sorted(standings, key=lambda s: s.step):
        found[one.person_id] = one
    return found


def needs(policy: Policy, standings: Sequence[Standing]) -> Mapping[str, int]:
    """How many must answer, by specialty; `*` is anybody."""
    if policy.mode is Mode.QUORUM:
        return policy.quorum
    if policy.mode is Mode.ALL and standings:
        first = min(one.step for one in standings)
        return Counter(one.specialty for one in standings if one.step == first)
    return {ANY: 1}


def said_yes(standings: Sequence[Standing]) -> dict[PersonId, Standing]:
    """Those whose last word is yes."""
    return {
        person_id: one
        for person_id, one in latest(standings).items()
        if one.state is ReachState.ACKNOWLEDGED
    }


def arrived(standings: Sequence[Standing]) -> dict[PersonId, Standing]:
    """Those who are there."""
    joined = {one.person_id for one in standings if one.joined_at is not None}
    return {id_: one for id_, one in said_yes(standings).items() if id_ in joined}


def lacking(wanted: Mapping[str, int], people: Mapping[PersonId, Standing]) -> dict[str, int]:
    """How many of which specialty `people` do not make up."""
    have = Counter(one.specialty for one in people.values())
    have[ANY] = len(people)
    return {code: n - have[code] for code, n in wanted.items() if have[code] < n}


def silent(policy: Policy, standings: Sequence[Standing], at: datetime) -> dict[PersonId, Standing]:
    """Those who said yes longer than `join_within_s` ago and are not there."""
    if not policy.join_within_s:
        return {}
    since = at - timedelta(seconds=policy.join_within_s)
    there = arrived(standings)
    return {
        id_: one
        for id_, one in said_yes(standings).items()
        if id_ not in there and one.acknowledged_at is not None and one.acknowledged_at <= since
    }


def crew_of(
    policy: Policy, standings: Sequence[Standing], without: Collection[PersonId] = ()
) -> Crew:
    """What the next step must know of those rung so far, not counting `without`."""
    here = {id_: one for id_, one in said_yes(standings).items() if id_ not in without}
    declined = {one.person_id for one in standings if one.state is ReachState.DECLINED}
    if policy.mode is Mode.FIRST:
        return Crew(declined=declined - here.keys(), here=here.keys())
    wanted = needs(policy, standings)
    missing = lacking(wanted, here).keys()
    met = wanted.keys() - missing
    return Crew(declined - here.keys(), here.keys(), met - {ANY}, missing - {ANY})


def again(standings: Mapping[PersonId, Standing]) -> list[Target]:
    """The same people once more, in the place in which they were last rung."""
    return [
        Target(one.person_id, one.shift_id, one.tier, one.specialty, one.facility_id)
        for one in standings.values()
    ]


def hopeless(policy: Policy, standings: Sequence[Standing], person_id: PersonId) -> bool:
    """Now that this person declined, nobody rung is left who might take their place."""
    people = latest(standings)
    undecided = [one for one in people.values() if one.state not in _ANSWERS]
    if policy.mode is Mode.FIRST:
        return not undecided and not said_yes(standings)
    theirs = people[person_id].specialty
    missing = lacking(needs(policy, standings), said_yes(standings))
    return theirs in missing and not any(one.specialty == theirs for one in undecided)
