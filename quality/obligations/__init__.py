"""What a house owes by the calendar: drills, meetings, plans, returns; due, late, done."""
