"""Rosters out of other people's files: read in a process of its own, shown, and only then written.

`grammar`, `sheet` and `ical` are pure and know no database; `child` runs them behind limits of
time and memory, because a foreign file may cost any amount of either; `matching` says which person
and which place is meant.
"""
