"""Alarms in the gateway: one look a second at everything that came, told at once, then recorded.

`looking` finds conditions, `takeover` goes on where another gateway ended, `register` knows who is
looked at and tells viewers, `record` is the way to PostgreSQL and back; `tap` joins them.
"""
