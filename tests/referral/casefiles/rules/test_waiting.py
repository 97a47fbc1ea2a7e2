"""What a file waits for, what is overdue, and which action stands out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from referral.casefiles.rules.allowed import allowed
from referral.casefiles.rules.facts import (
    FileFacts,
    FileViewpoint,
    HandoverFacts,
    ReportFacts,
    TaskFacts,
)
from referral.casefiles.rules.waiting import overdue, waiting
from referral.casefiles.states import (
    FileSide,
    FileState,
    HandoverState,
    ReportState,
    TaskState,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HERE, UPPER, COUNTY, HEIR = uuid4(), uuid4(), uuid4(), uuid4()
REPORT = ReportFacts(uuid4(), ReportState.DUE, NOW + timedelta(hours=20))
TASK = TaskFacts(uuid4(), TaskState.DUE, NOW + timedelta(days=7))
ASKED = HandoverFacts(uuid4(), HandoverState.PROPOSED, HEIR, NOW)
OWNER = FileViewpoint(facility_ids=frozenset({HERE}))


def file(**changes: object) -> FileFacts:
    """A file that was just opened."""
    plain = FileFacts(
        id=uuid4(),
        state=FileState.OPENED,
        version=1,
        facility_id=HERE,
        owner_id=uuid4(),
        upper_id=UPPER,
        county_id=COUNTY,
        opened_at=NOW,
        reports=(REPORT,),
        tasks=(TASK,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def codes(facts: FileFacts) -> list[str]:
    return [step.code for step in waiting(facts)]


def primary(facts: FileFacts, view: FileViewpoint) -> str | None:
    return next((item.action for item in allowed(facts, view) if item.primary), None)


def test_what_is_due_first_stands_in_front() -> None:
    assert codes(file()) == ["report", "follow_up", "plan"]
    sent = replace(REPORT, state=ReportState.SUBMITTED)
    assert codes(file(reports=(sent,))) == ["follow_up", "receipt", "plan"]
    assert codes(file(handovers=(ASKED,)))[-1] == "handover"


def test_a_plan_waits_for_whoever_has_not_signed() -> None:
    planned = file(state=FileState.PLANNED, reports=(), tasks=(), drafted_at=NOW)
    assert codes(planned) == ["owner_signature", "upper_signature"]
    half = replace(planned, signed=frozenset({FileSide.OWNER}))
    assert codes(half) == ["upper_signature"]
    assert codes(replace(planned, state=FileState.AGREED)) == []


def test_a_file_that_is_over_waits_for_nothing() -> None:
    for state in (FileState.CLOSED, FileState.VOIDED):
        assert codes(file(state=state)) == []
        assert overdue(file(state=state), NOW + timedelta(days=99)) is None


def test_overdue_says_since_when() -> None:
    assert overdue(file(), NOW + timedelta(hours=19)) is None
    assert overdue(file(), NOW + timedelta(hours=20)) == REPORT.due_at
    assert overdue(file(reports=()), NOW + timedelta(days=9)) == TASK.due_at


def test_the_most_urgent_action_stands_out() -> None:
    assert primary(file(), OWNER) == "submit"
    assert primary(file(reports=()), OWNER) == "draft_plan"
    assert primary(file(reports=(), state=FileState.AGREED), OWNER) == "do"
    signing = file(reports=(), state=FileState.PLANNED)
    assert primary(signing, OWNER) == "sign_plan"
    centre = FileViewpoint(facility_ids=frozenset({UPPER}), advises=True)
    assert primary(signing, centre) == "sign_plan"
    assert primary(replace(signing, signed=frozenset({FileSide.UPPER})), centre) is None
    heir = FileViewpoint(facility_ids=frozenset({HEIR}))
    assert primary(file(handovers=(ASKED,)), heir) == "accept"
    county = FileViewpoint(coordinates=True)
    sent = replace(REPORT, state=ReportState.SUBMITTED)
    assert primary(file(reports=(sent,)), county) == "receive"


def test_at_the_centre_only_those_who_advise_stand_for_it() -> None:
    signing = file(reports=(), state=FileState.PLANNED)
    midwife = FileViewpoint(facility_ids=frozenset({UPPER}), advises=False)
    assert allowed(signing, midwife) == []


def test_nobody_else_is_asked_while_a_handover_waits() -> None:
    actions = {item.action for item in allowed(file(handovers=(ASKED,)), OWNER)}
    assert "propose_handover" not in actions
    assert "withdraw" in actions
