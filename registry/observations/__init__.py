"""What was measured: observations with units checked, their series, and early warning."""
