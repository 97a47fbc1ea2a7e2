"""Facts of made-up women."""

from registry.risk.rulesets import Ruleset, rulebook

HEALTHY: dict[str, object] = {
    "age_years": 28,
    "age_at_edd_years": 28,
    "gestation_days": 100,
    "plurality": 1,
    "height_cm": 162,
    "weight_early_kg": 56,
    "hb_g_per_l": 122,
    "plt_10e9_per_l": 210,
    "sbp_mmhg": 112,
    "dbp_mmhg": 70,
    "ferritin_ug_per_l": 40,
}
"""Everything measured and within every band; nothing asked yet."""


def none_of_it(ruleset: Ruleset) -> dict[str, object]:
    """Every question of the table answered with no."""
    known = rulebook().facts
    return {name: False for name in ruleset.facts() if known[name].kind == "boolean"}


def healthy(ruleset: Ruleset, **changed: object) -> dict[str, object]:
    """A woman of whom everything is known and nothing is wrong, except what is `changed`."""
    return none_of_it(ruleset) | HEALTHY | changed
