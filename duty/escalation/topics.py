"""Names by which others hear of pages."""

WAKE_CHANNEL = "yunshang_escalation"
"""NOTIFY channel of the engine: a ladder became due."""

ACKNOWLEDGED = "page.acknowledged"
"""Outbox topic: somebody took the page."""

DELIVERED = "page.delivered"
"""Outbox topic: a page reached the first of its people."""
