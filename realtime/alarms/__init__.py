"""Alarms on live tracings: found on raw samples, latched until somebody answers by name.

`rules` is pure and looks at all live recordings at once; `limits` are versions; `states` is the
table of an alarm's life. The gateway feeds the rules and writes what they find (`ledger`); people
answer through `service`; the engine minds time and lines that went quiet (`timers`).
"""
