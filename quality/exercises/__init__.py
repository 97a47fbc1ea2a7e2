"""Drills of what to do: planned, run on the clock of the real thing, debriefed, acted upon.

A drill of the emergency is a transfer that began as a drill (演练): the same pages, clocks and
papers, marked everywhere and counted by no indicator. Telephone drills are `duty/drills`.
"""
