"""Who may call a route. Every route declares it: `opt={"roles": roles(Role.EXPERT)}`.

A route without a declaration is refused at run time and fails the role × route matrix.
"""

from typing import Final, Literal, TypeAlias

from kernel.viewer import CLINICAL_ROLES, Role

Access: TypeAlias = Literal["public", "any", "link"] | frozenset[Role]

OPT: Final = "roles"
"""The key under which a route's `opt` holds its declaration."""

PUBLIC: Final[Access] = "public"
"""Open without a login; such a route shows nothing about persons."""

ANY: Final[Access] = "any"
"""Open to every logged-in account, whatever its role."""

LINK: Final[Access] = "link"
"""Open to the holder of a case-scoped link or a guest's, and to nobody else; a link opens nothing
besides, and which of these routes answer it is its purpose."""

CLINICAL: Final[Access] = CLINICAL_ROLES
"""Open to those who treat or coordinate; what they see is narrowed by row-level security."""

CALLING: Final[Access] = CLINICAL_ROLES | {Role.MEDICAL_AFFAIRS}
"""Open to those who telephone people on call: clinicians, and 医务科, which calls experts in."""


def roles(*allowed: Role) -> Access:
    """Open to holders of any of the `allowed` roles."""
    if not allowed:
        raise ValueError("name at least one role, or use ANY or PUBLIC")
    return frozenset(allowed)
