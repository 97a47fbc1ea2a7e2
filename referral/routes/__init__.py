"""HTTP for transfers. Thin: parse, one command or query, answer.

Every write needs an Idempotency-Key; a repeat does nothing and shows the case.
"""

from litestar import Router

from referral.routes import (
    attachments,
    catalogue,
    choosing,
    dossier,
    on_blood,
    on_case,
    on_hold,
    on_leg,
    on_offer,
    sending,
)

router = Router(
    "/",
    route_handlers=[
        *catalogue.HANDLERS,
        *choosing.HANDLERS,
        *sending.HANDLERS,
        *on_case.HANDLERS,
        *on_offer.HANDLERS,
        *on_leg.HANDLERS,
        *on_hold.HANDLERS,
        *on_blood.HANDLERS,
        *dossier.HANDLERS,
        *attachments.HANDLERS,
    ],
    tags=["referrals"],
)

__all__ = ["router"]
