"""Every router of the application, in one list."""

from litestar import Router

from server.health import health_router

ROUTERS: tuple[Router, ...] = (health_router,)
