"""Refusals of regions' rules."""

from kernel.errors import Refusal


class RulesMoved(Refusal):
    """Another version counts there on that day than the writer began from. Fields: label."""

    code = "rules.moved"
