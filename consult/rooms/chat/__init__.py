"""What is written in rooms: numbered without holes, corrected but never changed, read by whom.

A message is numbered under the lock of its room, so that a page which holds everything up to one
number asks for what comes after it and misses nothing. It is part of the consultation's record.
"""
