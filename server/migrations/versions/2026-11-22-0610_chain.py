"""Case-event chain: append-only events, one hash chain per case, a signed Merkle tree over all.

Rows enter only through `case_append`, `chain_sequence` and `chain_sign`, which run as the
owner; no other role may write. Triggers refuse UPDATE, DELETE and TRUNCATE to everybody and are
ENABLE ALWAYS, so that `session_replication_role = replica` does not silence them. Whoever disables
them leaves traces that `yunshang verify` finds. Byte layout: kernel/chain/hashing.py.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0002_chain"
down_revision = "0001_kernel"

TABLES = r"""
CREATE TABLE case_head (
  case_id   uuid PRIMARY KEY,
  seq       bigint NOT NULL CHECK (seq >= 0),
  hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
  opened_at timestamptz NOT NULL
);
CREATE TABLE case_event (
  case_id         uuid NOT NULL REFERENCES case_head (case_id),
  seq             bigint NOT NULL CHECK (seq >= 1),
  kind            text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]*([.][a-z0-9_]+)*$'
                                       AND length(kind) <= 80),
  source          text NOT NULL CHECK (source IN ('human', 'system', 'device', 'simulated')),
  auto            boolean NOT NULL,
  actor           uuid,
  facility        uuid,
  payload         bytea NOT NULL CHECK (octet_length(payload) BETWEEN 2 AND 262144),
  occurred_at     timestamptz,
  device_at       timestamptz,
  clock_offset_ms bigint,
  rtt_ms          bigint,
  recv_at         timestamptz NOT NULL,
  prev            bytea NOT NULL CHECK (octet_length(prev) = 32),
  hash            bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (case_id, seq),
  CHECK (occurred_at BETWEEN '1900-01-01+00' AND '2200-01-01+00'),
  CHECK (device_at BETWEEN '1900-01-01+00' AND '2200-01-01+00'),
  -- A late entry lies in the past; only made-up time may run ahead of the database's clock.
  CHECK (source = 'simulated' OR occurred_at <= recv_at)
);
CREATE INDEX ix_case_event_kind ON case_event (kind, case_id, seq);

-- Committed events wait here until the sequencer gives them a leaf: a queue, not evidence.
CREATE TABLE chain_pending (
  no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id uuid NOT NULL,
  seq     bigint NOT NULL
);
CREATE TABLE chain_leaf (
  leaf_no   bigint PRIMARY KEY CHECK (leaf_no >= 0),
  case_id   uuid NOT NULL,
  seq       bigint NOT NULL,
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  UNIQUE (case_id, seq)
);
CREATE TABLE chain_tile (
  tile_no bigint PRIMARY KEY CHECK (tile_no >= 0),
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE TABLE chain_tree (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  size  bigint NOT NULL,
  peaks bytea NOT NULL
);
INSERT INTO chain_tree (size, peaks) VALUES (0, '');
CREATE TABLE chain_key (
  key_id     text PRIMARY KEY,
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32)
);
CREATE TABLE chain_checkpoint (
  no        bigint PRIMARY KEY CHECK (no >= 1),
  size      bigint NOT NULL CHECK (size >= 0),
  root      bytea NOT NULL CHECK (octet_length(root) = 32),
  at        timestamptz NOT NULL,
  key_id    text NOT NULL REFERENCES chain_key (key_id),
  prev      bytea NOT NULL CHECK (octet_length(prev) = 32),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64)
);
"""

HASHING = r"""
CREATE FUNCTION case_event_at(occurred_at timestamptz, recv_at timestamptz) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(occurred_at, recv_at) $$;

CREATE FUNCTION chain_field(value bytea) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value IS NULL THEN '\xffffffff'::bytea
              ELSE int4send(octet_length(value)) || value END
$$;
CREATE FUNCTION case_event_hash(e case_event) RETURNS bytea
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT sha256(
    convert_to(E'yunshang.case_event.v1\n', 'UTF8')
    || public.chain_field(uuid_send(e.case_id))
    || public.chain_field(int8send(e.seq))
    || public.chain_field(convert_to(e.kind, 'UTF8'))
    || public.chain_field(convert_to(e.source, 'UTF8'))
    || public.chain_field(boolsend(e.auto))
    || public.chain_field(uuid_send(e.actor))
    || public.chain_field(uuid_send(e.facility))
    || public.chain_field(e.payload)
    || public.chain_field(timestamptz_send(e.occurred_at))
    || public.chain_field(timestamptz_send(e.device_at))
    || public.chain_field(int8send(e.clock_offset_ms))
    || public.chain_field(int8send(e.rtt_ms))
    || public.chain_field(timestamptz_send(e.recv_at))
    || public.chain_field(e.prev))
$$;
"""

APPEND = r"""
CREATE FUNCTION case_append(
  p_case uuid, p_kind text, p_source text, p_auto boolean, p_actor uuid, p_facility uuid,
  p_payload bytea, p_occurred_at timestamptz, p_device_at timestamptz,
  p_clock_offset_ms bigint, p_rtt_ms bigint,
  OUT seq bigint, OUT recv_at timestamptz, OUT hash bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head  public.case_head;
  fresh public.case_event;
  body  jsonb := convert_from(p_payload, 'UTF8')::jsonb;
BEGIN
  IF jsonb_typeof(body) <> 'object' THEN
    RAISE EXCEPTION 'the payload must be a JSON object' USING ERRCODE = 'YS002';
  END IF;
  IF NOT pg_has_role(session_user, 'yunshang_system', 'MEMBER') THEN
    IF p_actor IS DISTINCT FROM public.app_person() THEN
      RAISE EXCEPTION 'an event is written by the person who is asking' USING ERRCODE = 'YS003';
    END IF;
    IF NOT public.app_sees_case(p_case)
       AND (EXISTS (SELECT 1 FROM public.case_head h WHERE h.case_id = p_case)
            OR NOT public.case_is_new(p_case)) THEN
      RAISE EXCEPTION 'no such case' USING ERRCODE = 'YS004';
    END IF;
  END IF;

  recv_at := clock_timestamp();
  INSERT INTO public.case_head (case_id, seq, hash, opened_at)
    VALUES (p_case, 0, decode(repeat('00', 32), 'hex'), recv_at)
    ON CONFLICT (case_id) DO NOTHING;
  SELECT * INTO STRICT head FROM public.case_head h WHERE h.case_id = p_case FOR UPDATE;
  IF head.seq > 0 THEN
    recv_at := clock_timestamp();  -- after the lock, so that order and time agree
  END IF;
  IF p_kind = 'amend' AND NOT (
       body ->> 'case_id' = p_case::text
       AND (body ->> 'seq')::bigint BETWEEN 1 AND head.seq
       AND btrim(coalesce(body ->> 'reason', '')) <> ''
       AND (body ->> 'second_person')::uuid IS DISTINCT FROM p_actor
       AND body ->> 'second_person' IS NOT NULL) THEN
    RAISE EXCEPTION 'an amendment names an event, a reason and a second person'
      USING ERRCODE = 'YS005';
  END IF;

  seq := head.seq + 1;
  fresh := (p_case, seq, p_kind, p_source, p_auto, p_actor, p_facility, p_payload,
            p_occurred_at, p_device_at, p_clock_offset_ms, p_rtt_ms, recv_at, head.hash, NULL);
  hash := public.case_event_hash(fresh);
  fresh.hash := hash;
  INSERT INTO public.case_event SELECT fresh.*;
  UPDATE public.case_head h SET seq = fresh.seq, hash = fresh.hash WHERE h.case_id = p_case;
  INSERT INTO public.chain_pending (case_id, seq) VALUES (p_case, fresh.seq);
END
$$;
"""

SEQUENCER = r"""
CREATE FUNCTION chain_sequence() RETURNS TABLE (leaf_no bigint, leaf_hash bytea)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH taken AS (
    DELETE FROM public.chain_pending RETURNING no, case_id, seq
  ), added AS (
    INSERT INTO public.chain_leaf (leaf_no, case_id, seq, leaf_hash)
    SELECT (SELECT coalesce(max(l.leaf_no), -1) FROM public.chain_leaf l)
             + row_number() OVER (ORDER BY t.no),
           t.case_id, t.seq, sha256('\x00'::bytea || e.hash)
      FROM taken t JOIN public.case_event e USING (case_id, seq)
    RETURNING leaf_no, leaf_hash
  ) SELECT a.leaf_no, a.leaf_hash FROM added a ORDER BY a.leaf_no
$$;
CREATE FUNCTION chain_sign(
  p_no bigint, p_size bigint, p_root bytea, p_at timestamptz, p_key_id text, p_public_key bytea,
  p_prev bytea, p_signature bytea, p_peaks bytea, p_tile_nos bigint[], p_tile_hashes bytea[]
) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF p_no <> (SELECT coalesce(max(c.no), 0) + 1 FROM public.chain_checkpoint c) THEN
    RAISE EXCEPTION 'checkpoint % is not the next one', p_no USING ERRCODE = 'YS006';
  END IF;
  INSERT INTO public.chain_key (key_id, public_key) VALUES (p_key_id, p_public_key)
    ON CONFLICT (key_id) DO NOTHING;
  INSERT INTO public.chain_tile (tile_no, hash)
    SELECT t.no, t.hash FROM unnest(p_tile_nos, p_tile_hashes) AS t (no, hash);
  UPDATE public.chain_tree SET size = p_size, peaks = p_peaks WHERE one;
  INSERT INTO public.chain_checkpoint (no, size, root, at, key_id, prev, signature)
    VALUES (p_no, p_size, p_root, p_at, p_key_id, p_prev, p_signature);
END
$$;
-- Sibling hashes for a proof: they reveal nothing about the events they stand for.
CREATE FUNCTION chain_hashes(p_from bigint, p_to bigint)
  RETURNS TABLE (leaf_no bigint, leaf_hash bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT l.leaf_no, l.leaf_hash FROM public.chain_leaf l
   WHERE l.leaf_no >= p_from AND l.leaf_no < p_to ORDER BY l.leaf_no
$$;
"""

GUARDS = r"""
CREATE FUNCTION chain_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: history is appended, never changed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'YS001';
END
$$;
CREATE FUNCTION case_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.case_id <> OLD.case_id OR NEW.opened_at <> OLD.opened_at OR NEW.seq <> OLD.seq + 1 THEN
    RAISE EXCEPTION 'a case head moves one event forward' USING ERRCODE = 'YS001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER case_head_forward BEFORE UPDATE ON case_head
  FOR EACH ROW EXECUTE FUNCTION case_head_forward();
ALTER TABLE case_head ENABLE ALWAYS TRIGGER case_head_forward;
"""

SEALED = ("case_event", "chain_leaf", "chain_tile", "chain_key", "chain_checkpoint")
GUARDED = (*SEALED, "case_head")
WRITTEN = ("case_head", "case_event", "chain_pending", "chain_leaf", "chain_tile", "chain_tree")
SYSTEM_READS = (*WRITTEN, "chain_key", "chain_checkpoint")

ACCESS = """
CREATE POLICY app_reads ON case_head FOR SELECT TO yunshang_app USING (app_sees_case(case_id));
CREATE POLICY app_reads ON case_event FOR SELECT TO yunshang_app USING (app_sees_case(case_id));
CREATE POLICY app_reads ON chain_leaf FOR SELECT TO yunshang_app USING (app_sees_case(case_id));
GRANT SELECT ON case_head, case_event, chain_leaf, chain_tile, chain_tree, chain_key,
  chain_checkpoint TO yunshang_app;
REVOKE ALL ON FUNCTION case_append, chain_sequence, chain_sign, chain_hashes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_append, chain_hashes TO yunshang_app, yunshang_system;
GRANT EXECUTE ON FUNCTION chain_sequence, chain_sign TO yunshang_system;
"""


def upgrade() -> None:
    for script in (TABLES, HASHING, APPEND, SEQUENCER, GUARDS):
        for statement in statements(script):
            op.execute(statement)
    for table in GUARDED:
        events = "UPDATE OR DELETE OR TRUNCATE" if table in SEALED else "DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE {events} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION chain_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for table in ("case_head", "case_event", "chain_pending", "chain_leaf"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY owner_all ON {table} TO yunshang_owner USING (true) WITH CHECK (true)"
        )
        op.execute(
            f"CREATE POLICY system_reads ON {table} FOR SELECT TO yunshang_system USING (true)"
        )
    op.execute(f"GRANT SELECT ON {', '.join(SYSTEM_READS)} TO yunshang_system")
    for statement in statements(ACCESS):
        op.execute(statement)
