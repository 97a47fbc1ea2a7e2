"""Whether the database still refuses to change history: triggers and grants."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.verify import Finding

TRIGGERS = {
    "case_event": {"case_event_sealed"},
    "case_head": {"case_head_sealed", "case_head_forward"},
    "chain_leaf": {"chain_leaf_sealed"},
    "chain_tile": {"chain_tile_sealed"},
    "chain_key": {"chain_key_sealed"},
    "chain_checkpoint": {"chain_checkpoint_sealed"},
}
_SEALED = sorted({*TRIGGERS, "chain_tree", "chain_pending"})

_ENABLED = text(
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgenabled = 'A' AND c.relname = ANY(:tables)"
)
_WRITABLE = text(
    "SELECT t.name, r.name, p.name"
    "  FROM unnest(CAST(:tables AS text[])) AS t (name),"
    "       unnest(ARRAY['yunshang_app', 'yunshang_system']) AS r (name),"
    "       unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p (name)"
    " WHERE has_table_privilege(r.name, t.name, p.name)"
)


async def check_guards(session: AsyncSession) -> list[Finding]:
    """Findings for each trigger that would not fire and each grant that should not be."""
    rows = await session.execute(_ENABLED, {"tables": _SEALED})
    enabled: dict[str, set[str]] = {}
    for table, trigger in rows:
        enabled.setdefault(table, set()).add(trigger)
    findings = [
        Finding("guard_off", table, f"trigger {trigger} on {table} is not ENABLE ALWAYS")
        for table, triggers in TRIGGERS.items()
        for trigger in sorted(triggers - enabled.get(table, set()))
    ]
    grants = await session.execute(_WRITABLE, {"tables": _SEALED})
    findings.extend(
        Finding("grant_wrong", table, f"{role} may {privilege} on {table}")
        for table, role, privilege in grants
    )
    return findings
