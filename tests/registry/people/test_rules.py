"""Roles that exclude each other, passwords, homes."""

from itertools import combinations

import pytest

from kernel.viewer import CLINICAL_ROLES, Role
from registry.people.rules import SEPARATED, conflict, home, normal_login, strong_enough


@pytest.mark.parametrize(("one", "other"), list(combinations(sorted(SEPARATED), 2)))
def test_administration_security_and_audit_are_three_people(one: Role, other: Role) -> None:
    assert conflict(one, frozenset({other})) == other
    assert conflict(other, frozenset({one})) == one


@pytest.mark.parametrize("clinical", sorted(CLINICAL_ROLES))
@pytest.mark.parametrize("apart", sorted({*SEPARATED, Role.COMMISSION, Role.DEVICE}))
def test_whoever_oversees_treats_nobody(apart: Role, clinical: Role) -> None:
    assert conflict(apart, frozenset({clinical})) == clinical
    assert conflict(clinical, frozenset({apart})) == apart


@pytest.mark.parametrize("drafts", [Role.COORDINATOR, Role.DUTY_DESK])
def test_whoever_drafts_rosters_does_not_approve_them(drafts: Role) -> None:
    assert conflict(Role.MEDICAL_AFFAIRS, frozenset({drafts})) == drafts
    assert conflict(drafts, frozenset({Role.MEDICAL_AFFAIRS})) == Role.MEDICAL_AFFAIRS
    assert conflict(Role.MEDICAL_AFFAIRS, frozenset({Role.EXPERT})) is None


def test_clinical_roles_go_together_and_a_role_with_itself() -> None:
    assert conflict(Role.EXPERT, CLINICAL_ROLES) is None
    assert conflict(Role.AUDITOR, frozenset({Role.AUDITOR})) is None
    assert conflict(Role.COMMISSION, frozenset({Role.AUDITOR})) is None


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("Abcdefgh12", True),
        ("abcdefg-12", True),
        ("Abcdefg12", False),
        ("abcdefgh12", False),
        ("ABCDEFGHIJ", False),
        ("Li.Doctor.1", False),
    ],
)
def test_three_classes_and_ten_characters(password: str, good: bool) -> None:
    assert strong_enough(password, "li.doctor.1") is good


def test_logins_ignore_case_and_blanks() -> None:
    assert normal_login("  Li.Doctor ") == "li.doctor"


@pytest.mark.parametrize(
    ("roles", "page"),
    [
        ({Role.REFERRING_CLINICIAN}, "board"),
        ({Role.EXPERT, Role.DUTY_DESK}, "board"),
        ({Role.COORDINATOR}, "board"),
        ({Role.DUTY_DESK}, "duty"),
        ({Role.MEDICAL_AFFAIRS}, "roster"),
        ({Role.COMMISSION}, "quality"),
        ({Role.SYSTEM_ADMIN}, "system"),
        ({Role.AUDITOR}, "system"),
    ],
)
def test_home_by_role(roles: set[Role], page: str) -> None:
    assert home(frozenset(roles)) == page
