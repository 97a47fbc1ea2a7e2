"""The words on the wire: commands in, views out. The web client's types are generated from them.

Times are RFC 3339, UTC. Both kinds live in lower rooms, because the service takes the commands and
the queries build the views.
"""

from referral.commands import on_case, on_hold, on_leg, on_offer, sending
from referral.readmodel import board, parts, whole

__all__ = ["board", "on_case", "on_hold", "on_leg", "on_offer", "parts", "sending", "whole"]
