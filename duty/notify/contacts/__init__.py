"""Where people are reached: their numbers and addresses, wishes, tests."""
