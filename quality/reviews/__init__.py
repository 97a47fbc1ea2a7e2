"""Reviews of deaths and near-misses: proposed by events, held by a panel, closed by what is done.

A review is a case with a chain of its own; its events say that something happened, and by hash what
was written, never what. Who reads the rest is decided twice: here and by row-level security.
"""
