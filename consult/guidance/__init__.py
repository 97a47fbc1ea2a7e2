"""Guidance at a distance: a centre with a house it answers for, both there, counted by presence.

A session is a case of its own with the arranging house as origin. It begins when somebody of either
end is there, and how long they were there together is computed from heartbeats, never typed in
([docs/guidance.md](../../docs/guidance.md)).
"""
