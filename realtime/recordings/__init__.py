"""Readers of recorded tracings: WFDB (.hea/.dat, format 16) and FHRMA (.fhr, .fhrm).

Every reader maps samples to the protocol's units without loss; `to_source` in each module is the
way back, so a test can prove it byte for byte.
"""
