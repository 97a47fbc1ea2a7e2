"""判读: a tracing is read by somebody who is not at the bedside, in writing, within minutes.

A house asks, a centre's expert claims, looks, writes and signs; the house receives. What was looked
at is kept, so that it can be shown again exactly. Signed words are added to, never changed.
"""
