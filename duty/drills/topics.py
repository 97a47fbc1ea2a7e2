"""What a drill is called, wherever pages are spoken of."""

EVENT = "drill.called"
"""The page's event: chooses its policy, and marks it 演练 on every channel."""

LEVEL = "urgent"
"""Rings like an urgent page; nothing in a drill is life-threatening, and no one need believe so."""
