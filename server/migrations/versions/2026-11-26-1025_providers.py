"""Providers: what they call our messages, what they report of them, what people send back.

A report arrives at a door that everybody may knock at, so it is only written down there, as the
anonymous web role, which can add and never read. The engine reads it, finds the message and acts.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0023_providers"
down_revision = "0022_contacts"

MESSAGES = """
ALTER TABLE page_message ADD COLUMN provider_ref text CHECK (length(provider_ref) <= 200);
CREATE INDEX ix_page_message_ref ON page_message (provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX ix_page_message_silent ON page_message (channel, settled_at) WHERE state = 'sent';
"""

# `id` is made of the report's content: the same report twice is one row. `message_id` is our id as
# the provider gave it back, and may be anybody's invention: no foreign key.
RECEIPTS = """
CREATE TABLE message_receipt (
  id           uuid PRIMARY KEY,
  provider     text NOT NULL CHECK (length(provider) <= 40),
  kind         text NOT NULL CHECK (kind IN ('delivered', 'undelivered', 'key')),
  ref          text NOT NULL DEFAULT '' CHECK (length(ref) <= 200),
  message_id   uuid,
  code         text NOT NULL DEFAULT '' CHECK (length(code) <= 60),
  key          text NOT NULL DEFAULT '' CHECK (key IN ('', '1', '2', '3')),
  phone_sealed bytea,
  received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((kind = 'key') = (key <> ''))
);
CREATE INDEX ix_message_receipt_message ON message_receipt (message_id);
CREATE TRIGGER message_receipt_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON message_receipt
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE message_receipt ENABLE ALWAYS TRIGGER message_receipt_sealed;
GRANT INSERT ON message_receipt TO yunshang_app;
GRANT SELECT, INSERT ON message_receipt TO yunshang_system;
"""

REPLIES = """
CREATE TABLE inbound_reply (
  id           uuid PRIMARY KEY,
  provider     text NOT NULL CHECK (length(provider) <= 40),
  phone_sealed bytea NOT NULL,
  text_sealed  bytea NOT NULL,
  received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  meaning      text CHECK (meaning IN ('acknowledge', 'decline', 'other', 'unclear', 'stranger')),
  person_id    uuid REFERENCES person (id),
  page_id      uuid REFERENCES page (id),
  facility_id  uuid REFERENCES facility (id),
  read_at      timestamptz,
  CHECK ((meaning IS NULL) = (read_at IS NULL)),
  CHECK (meaning IS NOT NULL OR num_nonnulls(person_id, page_id, facility_id) = 0)
);
CREATE INDEX ix_inbound_reply_facility ON inbound_reply (facility_id, received_at DESC);

-- What arrived stays as it arrived; what it meant is added once.
CREATE FUNCTION inbound_reply_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.meaning IS NULL AND NEW.meaning IS NOT NULL
     AND (NEW.id, NEW.provider, NEW.phone_sealed, NEW.text_sealed, NEW.received_at)
       = (OLD.id, OLD.provider, OLD.phone_sealed, OLD.text_sealed, OLD.received_at)
  THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a reply is a record' USING ERRCODE = 'YS011';
END
$$;
CREATE TRIGGER inbound_reply_guard BEFORE UPDATE OR DELETE ON inbound_reply
  FOR EACH ROW EXECUTE FUNCTION inbound_reply_guard();
ALTER TABLE inbound_reply ENABLE ALWAYS TRIGGER inbound_reply_guard;
GRANT INSERT (id, provider, phone_sealed, text_sealed) ON inbound_reply TO yunshang_app;
GRANT SELECT (id, provider, text_sealed, received_at, meaning, person_id, page_id, facility_id)
  ON inbound_reply TO yunshang_app;
GRANT SELECT, INSERT ON inbound_reply TO yunshang_system;
GRANT UPDATE (meaning, person_id, page_id, facility_id, read_at) ON inbound_reply
  TO yunshang_system;
"""


def upgrade() -> None:
    for script in (MESSAGES, RECEIPTS, REPLIES):
        for statement in statements(script):
            op.execute(statement)
    for table in ("message_receipt", "inbound_reply"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
            " WITH CHECK (NOT app_only_watches())"
        )
    op.execute(
        "CREATE POLICY app_reads ON inbound_reply FOR SELECT TO yunshang_app"
        " USING (facility_id = ANY(app_facilities()))"
    )
