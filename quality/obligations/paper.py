"""The board of obligations as A4 PDF."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from quality.obligations.schemas import ObligationBoard
from quality.obligations.wording import BOARD, RULES, TITLE, head, lines, rules
from quality.returns.paper import plain
from referral.paper.press import printed

TEMPLATE = Path(__file__).with_name("board.typ")


def paper_of(board: ObligationBoard, fonts: Path, at: datetime) -> bytes:
    """The PDF.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    said: dict[str, Any] = {
        "title": TITLE,
        "head": head(board),
        "heads": list(BOARD.values()),
        "lines": list(lines(board)),
        "rule_heads": list(RULES.values()),
        "rules": list(rules(board)),
    }
    document = msgspec.json.encode(plain(said)).decode()
    return printed(TEMPLATE, fonts, {"document": document}, at)
