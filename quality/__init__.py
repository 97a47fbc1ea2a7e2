"""The read side over all: timelines, clocks and indicators that compute themselves."""
