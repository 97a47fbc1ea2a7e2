"""The case-event chain: history is appended, hashed, signed, and never changed.

`append` writes events, `history` reads them with their amendments, `checkpoint` signs the
Merkle tree over all of them every minute, `proof` proves one event to an outsider, `verify`
finds what somebody changed behind our back.

What it proves, and what not: an application error cannot change history (no grants); a database
administrator can, and is found by `yunshang verify` against the checkpoint file; an administrator
who also holds the signing key and the checkpoint file is found only back to the newest checkpoint
that somebody else has seen. Events younger than the newest checkpoint (60 s) are held by their
case's chain and head alone.
"""

from kernel.chain.append import ChainedEvent, Source, amend, append, hint

__all__ = ["ChainedEvent", "Source", "amend", "append", "hint"]
