"""Guests: people without an account who are let into one room by a link that opens once.

The machinery is that of links scoped to one case (ADR 16): a token in the address's fragment,
exchanged by POST for the links' cookie, hashes alone stored, the holder a person whose id is the
link's. What is narrower: a guest is shown the room and nothing of the case (ADR 47).
"""
