"""What an act of consent needs, and what a case still waits for. Pure."""

from collections.abc import Set

NAMES_FIELD = "referral.consent"
"""Under this name the names in an act of consent are sealed."""


def lacking(kind: str, given_by: str, given: Set[str]) -> list[str]:
    """What this act lacks, by field.

    A relative has a name and stands to her somehow; a waiver is the head's, with name, post and
    reason; only a head gives a waiver.
    """
    if kind == "emergency_waiver":
        wrong = [] if given_by == "institution_head" else ["given_by"]
        wanted: tuple[str, ...] = ("authoriser_name", "authoriser_post", "reason")
    else:
        wrong = ["given_by"] if given_by == "institution_head" else []
        wanted = ("relation", "giver_name") if given_by == "relative" else ()
    return wrong + [name for name in wanted if name not in given]


def pending(kind: str | None, given_by: str | None) -> list[str]:
    """What to ask for next, most important first; empty when consent is complete.

    Args:
        kind: of the newest act; None when there is none.
        given_by: who gave it; None while only the kind is known.
    """
    if kind is None:
        return ["consent"]
    if kind == "emergency_waiver":
        return ["signature"] if given_by else ["authoriser", "signature"]
    if kind == "verbal":
        return ["signature"] if given_by else ["giver", "signature"]
    return [] if given_by else ["giver"]
