"""The words on the wire: commands in, views out; both live in lower rooms."""

from consult.commands import NewAdvice, NewOrder, ReportOrder, SignAdvice
from consult.readmodel import Advice, AdviceOrder

__all__ = ["Advice", "AdviceOrder", "NewAdvice", "NewOrder", "ReportOrder", "SignAdvice"]
