"""The wall: which tracings hang on it, whose they are and where."""
