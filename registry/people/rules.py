"""Which roles exclude each other, and where each is held."""

from kernel.viewer import CLINICAL_ROLES, Role

SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""Administration, security and audit are three people (GB/T 22239-2019 §8.1.4.2, 三员分立)."""

APART_FROM_CLINICAL = SEPARATED | {Role.COMMISSION, Role.DEVICE}
"""Whoever holds one of these treats nobody, so a region or an admin page opens no identity."""

ROSTERING = frozenset({Role.COORDINATOR, Role.DUTY_DESK})
"""Whoever drafts rosters does not approve them (医务科)."""


def conflict(wanted: Role, held: frozenset[Role]) -> Role | None:
    """A held role that forbids `wanted`, if any."""
    for role in sorted(held - {wanted}):
        if {wanted, role} <= SEPARATED:
            return role
        if Role.DEVICE in (wanted, role):
            return role
        if wanted in APART_FROM_CLINICAL and role in CLINICAL_ROLES:
            return role
        if role in APART_FROM_CLINICAL and wanted in CLINICAL_ROLES:
            return role
        if Role.MEDICAL_AFFAIRS in (wanted, role) and ROSTERING & {wanted, role}:
            return role
    return None


def normal_login(login: str) -> str:
    """Logins are compared without case and outer blanks."""
    return login.strip().lower()


PHONE_FIELD = "person.phone"
"""Under this name a person's phone is sealed."""

SHORTEST_PASSWORD = 10
"""Profile `mlps3`: ten characters of three classes (GB/T 22239-2019 §8.1.4.1 a)."""


def strong_enough(password: str, login: str) -> bool:
    """True if the password satisfies profile `mlps3`."""
    classes = {
        "upper"
        if sign.isupper()
        else "lower"
        if sign.islower()
        else "digit"
        if sign.isdigit()
        else "other"
        for sign in password
    }
    return (
        len(password) >= SHORTEST_PASSWORD and len(classes) >= 3 and normal_login(password) != login
    )


def home(roles: frozenset[Role]) -> str:
    """Which page opens after login."""
    if roles & {Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR}:
        return "board"
    if Role.DUTY_DESK in roles:
        return "duty"
    if Role.MEDICAL_AFFAIRS in roles:
        return "roster"
    return "quality" if Role.COMMISSION in roles else "system"
