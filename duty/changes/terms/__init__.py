"""What a house decides for itself: the rules of changes and the weights of duty, as versions."""
