"""What a meeting resolved or a drill found: who, by when, what one sees, checked by another."""
