"""Who carried how much: weighted nights, weekends and holidays per person over a period."""
