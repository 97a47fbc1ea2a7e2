"""Who may grade, and why not."""

from registry.facilities.rules import Tier
from registry.risk.rulesets import Kind

ASSESSING = frozenset({Tier.COUNTY, Tier.CITY, Tier.PROVINCE})
"""Assessment is done by midwifery institutions of level 2 and above (国卫办妇幼发〔2017〕35号)."""


def may_grade(kind: Kind, tier: str) -> bool:
    """Whether a person of a facility of this tier may decide: everybody screens, some assess."""
    return kind is Kind.SCREENING or tier in ASSESSING
