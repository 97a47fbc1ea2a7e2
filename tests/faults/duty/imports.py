"""What an engine imports, except what reads the environment while being imported."""

import celery.app  # noqa: F401
import kombu.transport.redis  # noqa: F401

import server.engine  # noqa: F401
