"""Paging drills (呼叫演练): real people, real channels, never care."""
