"""Rosters in other people's programs: calendars by token, Excel and iCalendar files in and out."""
