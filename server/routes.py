"""Every router of the application, in one list."""

from litestar import Router

from referral.routes import router as referrals
from registry.facilities.routes import router as facilities
from registry.people.routes import router as people
from registry.pregnancies.routes import router as pregnancies
from server.health import health_router

ROUTERS: tuple[Router, ...] = (health_router, facilities, people, pregnancies, referrals)
