"""What holds for every reading, wherever it is asked."""

from collections.abc import Mapping
from typing import Final

MOST_S: Final = 10_800
"""The longest window that one reading covers, seconds."""

LEVELS: Final[Mapping[str, str]] = {"urgent": "critical", "routine": "urgent"}
"""Urgency of a reading → acuity of the pages about it."""
