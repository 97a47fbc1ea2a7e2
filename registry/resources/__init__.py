"""What a house has, how it knows, and what it has declared: beds, blood, teams, vehicles."""
