"""How well the wording of a rule is known, and what is therefore shown as 待核实."""

from typing import Literal

Confidence = Literal["V", "S", "B", "I"]
"""V: rule text seen; S: secondary source; B: background knowledge; I: inferred or proposed."""


def unverified(confidence: Confidence | None) -> bool:
    """Whether it is shown as 待核实; what says nothing of itself is."""
    return confidence not in ("V", "S")
