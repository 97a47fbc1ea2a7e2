"""The words on the wire: commands in, views out; both live in lower rooms."""

from consult.commands import (
    Countersign,
    NewAdvice,
    NewOrder,
    ReportOrder,
    ReviseAdvice,
    SignAdvice,
)
from consult.readmodel import Advice, AdviceOrder

__all__ = [
    "Advice", "AdviceOrder", "Countersign", "NewAdvice", "NewOrder", "ReportOrder",
    "ReviseAdvice", "SignAdvice",
]  # fmt: skip
