"""Consultations: asked of one expert, a group or several houses; answered, held, decided on.

The asking house treats the woman, decides and answers for it; what is advised and what is decided
are two records, each signed by those whose it is (domain §8; 1999 notice on remote consultation).
"""
