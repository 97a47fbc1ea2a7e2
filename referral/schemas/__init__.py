"""What travels over the wire; the web client's types are generated from these.

Times are RFC 3339, UTC.
"""
