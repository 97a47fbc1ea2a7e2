"""Keeps the processes of one machine alive: a pure table decides, an asyncio shell obeys."""
