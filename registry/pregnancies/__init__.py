"""Whose case it is: patients, pregnancies and newborns, with sealed identifiers."""
