"""Case-scoped links: how a crew in an ambulance and a unit outside the network take part.

A link opens one case for one purpose to one named holder without an account. Its token stands in
the fragment of an address (browsers never send it), is exchanged once for a cookie, and only its
SHA-256 is kept.
"""
