"""Practice: a page knows whether its case is a drill, so that no channel takes it for real."""

from alembic import op

from server.migrations.sql import statements

revision = "0026_practice"
down_revision = "0025_duty_desk"

# A case is a drill from the event that opens it or never; a draft rings nobody. Asked where the
# page is written, by whoever writes it, who sees the case. Pages sent before stay unmarked: they
# are history and sealed.
DRILL = """
CREATE FUNCTION page_is_drill(p_case uuid) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(
    (SELECT (convert_from(e.payload, 'UTF8')::jsonb ->> 'drill')::boolean
       FROM public.case_event e
      WHERE e.case_id = p_case
        AND e.kind IN ('referral.requested', 'referral.self_arrival', 'drill.started')
      ORDER BY e.seq LIMIT 1), false)
$$;
COMMENT ON FUNCTION page_is_drill(uuid) IS 'Whether the case began as a drill (演练).';
ALTER TABLE page ADD COLUMN drill boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN page.drill IS 'Its case is a drill: marked 演练 on every channel.';
"""


def upgrade() -> None:
    """One question and its answer, kept with every page."""
    for statement in statements(DRILL):
        op.execute(statement)
