"""`make smoke`: one emergency through the public API of a private instance."""
