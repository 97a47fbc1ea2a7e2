"""Reviews of deaths and near-misses: the panel, the pack, votes, findings, measures, who read it.

A review is a case with a chain of its own; what its house and regions see of the chain says that
something happened, never what was written. Everything else opens to whoever convenes it (a
coordinator who works at its house) and to members of the panel who are not recused; a measure also
to whoever owes it. What was said is only ever added.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0058_case_reviews"
down_revision = "0057_ctg_uncompressed"

TABLES_OF = """
CREATE TABLE case_review (
  id               uuid PRIMARY KEY,
  of_case_id       uuid NOT NULL REFERENCES referral (id),
  death_review_id  uuid REFERENCES death_review (id),
  kind             text NOT NULL CHECK (kind IN ('maternal_death', 'newborn_death', 'near_miss')),
  level            text NOT NULL CHECK (level IN ('facility', 'county')),
  facility_id      uuid NOT NULL REFERENCES facility (id),
  region_id        uuid NOT NULL REFERENCES region (id),
  happened_at      timestamptz NOT NULL,      -- the death, or the word that it was a near-miss
  state            text NOT NULL CHECK (state IN ('proposed', 'open', 'prepared', 'panel_set',
                     'held', 'concluded', 'acting', 'closed', 'dismissed')),
  proposed_at      timestamptz NOT NULL,
  due_at           timestamptz NOT NULL,
  rules            text NOT NULL,
  remind_at        timestamptz,
  reminders        int NOT NULL DEFAULT 0,
  opened_by        uuid REFERENCES person (id),
  opened_at        timestamptz,
  held_at          timestamptz,
  conclusion       text CHECK (length(conclusion) BETWEEN 1 AND 40),
  cause            text CHECK (length(cause) BETWEEN 1 AND 40),
  delays           text[] NOT NULL DEFAULT '{}',
  summary          text CHECK (length(summary) BETWEEN 1 AND 4000),
  concluded_at     timestamptz,
  concluded_by     uuid REFERENCES person (id),
  ended_at         timestamptz,
  why              text CHECK (length(why) BETWEEN 1 AND 1000),
  dismissal        text CHECK (length(dismissal) BETWEEN 1 AND 40),
  simulated        boolean NOT NULL,
  demo             boolean NOT NULL,
  version          int NOT NULL DEFAULT 1,
  CHECK ((death_review_id IS NULL) = (kind = 'near_miss')),
  CHECK ((opened_by IS NULL) = (opened_at IS NULL)),
  CHECK (opened_at IS NOT NULL OR state IN ('proposed', 'dismissed')),
  CHECK ((held_at IS NOT NULL) = (state IN ('held', 'concluded', 'acting', 'closed'))),
  CHECK ((concluded_at IS NOT NULL) = (state IN ('concluded', 'acting', 'closed'))),
  CHECK ((concluded_at IS NULL) = (conclusion IS NULL)
    AND (concluded_at IS NULL) = (cause IS NULL) AND (concluded_at IS NULL) = (summary IS NULL)
    AND (concluded_at IS NULL) = (concluded_by IS NULL)),
  CHECK ((ended_at IS NOT NULL) = (state IN ('closed', 'dismissed'))),
  CHECK ((dismissal IS NOT NULL) = (state = 'dismissed'))
);
CREATE UNIQUE INDEX ux_case_review_near_miss ON case_review (of_case_id, level)
  WHERE kind = 'near_miss' AND state <> 'dismissed';
CREATE UNIQUE INDEX ux_case_review_death ON case_review (death_review_id, level)
  WHERE kind <> 'near_miss' AND state <> 'dismissed';
CREATE INDEX ix_case_review_case ON case_review (of_case_id);
CREATE INDEX ix_case_review_house ON case_review (facility_id, due_at);
CREATE INDEX ix_case_review_region ON case_review (region_id, concluded_at);
CREATE INDEX ix_case_review_remind ON case_review (remind_at) WHERE remind_at IS NOT NULL;

CREATE TABLE review_member (
  review_id   uuid NOT NULL REFERENCES case_review (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  chair       boolean NOT NULL,
  added_by    uuid NOT NULL REFERENCES person (id),
  added_at    timestamptz NOT NULL,
  recused     text CHECK (recused IN ('treated', 'same_house', 'declared')),
  recused_at  timestamptz,
  removed_at  timestamptz,
  PRIMARY KEY (review_id, person_id),
  CHECK ((recused IS NULL) = (recused_at IS NULL))
);
CREATE INDEX ix_review_member_person ON review_member (person_id);
CREATE UNIQUE INDEX ux_review_member_chair ON review_member (review_id)
  WHERE chair AND removed_at IS NULL;

CREATE TABLE review_pack (
  review_id    uuid NOT NULL REFERENCES case_review (id),
  n            int NOT NULL CHECK (n >= 1),
  prepared_by  uuid NOT NULL REFERENCES person (id),
  prepared_at  timestamptz NOT NULL,
  content      bytea NOT NULL,             -- JSON without identity, as it was hashed
  sha256       bytea NOT NULL CHECK (length(sha256) = 32),
  PRIMARY KEY (review_id, n)
);

-- The newest vote of a member counts.
CREATE TABLE review_vote (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  review_id   uuid NOT NULL REFERENCES case_review (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  conclusion  text NOT NULL CHECK (length(conclusion) BETWEEN 1 AND 40),
  at          timestamptz NOT NULL
);
CREATE INDEX ix_review_vote_review ON review_vote (review_id, person_id, id);

CREATE TABLE review_finding (
  id         uuid PRIMARY KEY,
  review_id  uuid NOT NULL REFERENCES case_review (id),
  link       text NOT NULL CHECK (length(link) BETWEEN 1 AND 40),
  aspect     text NOT NULL CHECK (length(aspect) BETWEEN 1 AND 40),
  words      text NOT NULL CHECK (length(words) BETWEEN 1 AND 1000),
  by         uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  UNIQUE (id, review_id)
);
CREATE INDEX ix_review_finding_review ON review_finding (review_id, at);

CREATE TABLE review_measure (
  id           uuid PRIMARY KEY,
  review_id    uuid NOT NULL REFERENCES case_review (id),
  finding_id   uuid,
  words        text NOT NULL CHECK (length(words) BETWEEN 1 AND 1000),
  owner_id     uuid NOT NULL REFERENCES person (id),
  due_on       date NOT NULL,
  state        text NOT NULL CHECK (state IN ('open', 'done', 'verified', 'dropped')),
  added_by     uuid NOT NULL REFERENCES person (id),
  added_at     timestamptz NOT NULL,
  evidence     text CHECK (length(evidence) BETWEEN 1 AND 2000),
  done_at      timestamptz,
  note         text CHECK (length(note) BETWEEN 1 AND 1000),
  ended_at     timestamptz,
  ended_by     uuid REFERENCES person (id),
  remind_at    timestamptz,
  reminders    int NOT NULL DEFAULT 0,
  version      int NOT NULL DEFAULT 1,
  FOREIGN KEY (finding_id, review_id) REFERENCES review_finding (id, review_id),
  CHECK ((done_at IS NULL) = (evidence IS NULL)),
  CHECK (state NOT IN ('done', 'verified') OR done_at IS NOT NULL),
  CHECK ((ended_at IS NOT NULL) = (state IN ('verified', 'dropped'))),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  CHECK (state <> 'verified' OR ended_by <> owner_id)
);
CREATE INDEX ix_review_measure_review ON review_measure (review_id, due_on);
CREATE INDEX ix_review_measure_owner ON review_measure (owner_id) WHERE state IN ('open', 'done');
CREATE INDEX ix_review_measure_remind ON review_measure (remind_at) WHERE remind_at IS NOT NULL;

CREATE TABLE review_viewing (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  review_id  uuid NOT NULL REFERENCES case_review (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  what       text NOT NULL CHECK (what IN ('review', 'pack', 'pdf')),
  at         timestamptz NOT NULL
);
CREATE INDEX ix_review_viewing_review ON review_viewing (review_id, at);
"""

# The house that holds it is the origin of its chain, whoever opens it: a regional coordinator works
# at no house in the sense of case_party.
PARTY = """
CREATE POLICY owner_opens_review ON case_party FOR INSERT TO yunshang_owner WITH CHECK (
  role = 'origin' AND EXISTS (
    SELECT 1 FROM case_review r WHERE r.id = case_id AND r.facility_id = case_party.facility_id));
CREATE FUNCTION case_review_opens() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.case_party (case_id, facility_id, region_id, role)
    VALUES (NEW.id, NEW.facility_id, NEW.region_id, 'origin');
  RETURN NULL;
END
$$;
CREATE TRIGGER case_review_opens AFTER INSERT ON case_review
  FOR EACH ROW EXECUTE FUNCTION case_review_opens();
"""

SEES = """
CREATE FUNCTION app_convenes(house uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND app_has_role('coordinator') AND app_works_at(house)
$$;
CREATE FUNCTION app_convenes_review(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.case_review r
                  WHERE r.id = wanted AND NOT public.app_only_watches()
                    AND public.app_has_role('coordinator')
                    AND (r.facility_id = ANY(public.app_facilities()) OR EXISTS (
                      SELECT 1 FROM public.person p
                       WHERE p.id = public.app_person() AND p.facility_id = r.facility_id)))
$$;
CREATE FUNCTION app_sits_on_review(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.review_member m
                  WHERE m.review_id = wanted AND m.person_id = public.app_person()
                    AND m.recused IS NULL AND m.removed_at IS NULL)
$$;
CREATE FUNCTION app_reads_review(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT app_convenes_review(wanted) OR app_sits_on_review(wanted)
$$;
"""

RECUSED = """
CREATE FUNCTION recusal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'who is recused stays recused' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER recusal_stays BEFORE UPDATE ON review_member
  FOR EACH ROW WHEN (OLD.recused IS NOT NULL AND NEW.recused IS DISTINCT FROM OLD.recused)
  EXECUTE FUNCTION recusal_stays();
ALTER TABLE review_member ENABLE ALWAYS TRIGGER recusal_stays;
"""

RIGHTS = """
GRANT SELECT, INSERT ON case_review, review_member, review_measure TO yunshang_app, yunshang_system;
GRANT SELECT, INSERT ON review_pack, review_vote, review_finding, review_viewing TO yunshang_app;
GRANT SELECT ON review_pack, review_vote, review_finding, review_viewing TO yunshang_system;
GRANT UPDATE (state, remind_at, reminders, opened_by, opened_at, held_at, conclusion, cause, delays,
  summary, concluded_at, concluded_by, ended_at, why, dismissal, version) ON case_review
  TO yunshang_app, yunshang_system;
GRANT UPDATE (chair, recused, recused_at, removed_at) ON review_member TO yunshang_app;
GRANT UPDATE (state, evidence, done_at, note, ended_at, ended_by, remind_at, reminders, version)
  ON review_measure TO yunshang_app, yunshang_system;
"""

POLICIES = """
CREATE POLICY app_reads ON case_review FOR SELECT TO yunshang_app
  USING (app_convenes(facility_id) OR app_sits_on_review(id));
CREATE POLICY app_opens ON case_review FOR INSERT TO yunshang_app WITH CHECK (
  opened_by = app_person() AND app_convenes(facility_id) AND app_sees_identity(of_case_id));
CREATE POLICY app_moves ON case_review FOR UPDATE TO yunshang_app
  USING (app_convenes(facility_id));
-- Who is recused reads that, and nothing else.
CREATE POLICY app_reads ON review_member FOR SELECT TO yunshang_app
  USING (app_reads_review(review_id) OR person_id = app_person());
CREATE POLICY app_names ON review_member FOR INSERT TO yunshang_app WITH CHECK (
  added_by = app_person() AND app_convenes_review(review_id));
CREATE POLICY app_moves ON review_member FOR UPDATE TO yunshang_app
  USING (app_convenes_review(review_id) OR person_id = app_person());
CREATE POLICY app_reads ON review_pack FOR SELECT TO yunshang_app
  USING (app_reads_review(review_id));
CREATE POLICY app_prepares ON review_pack FOR INSERT TO yunshang_app WITH CHECK (
  prepared_by = app_person() AND app_convenes_review(review_id));
CREATE POLICY app_reads ON review_vote FOR SELECT TO yunshang_app
  USING (app_reads_review(review_id));
CREATE POLICY app_votes ON review_vote FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND app_sits_on_review(review_id));
CREATE POLICY app_reads ON review_finding FOR SELECT TO yunshang_app
  USING (app_reads_review(review_id));
CREATE POLICY app_finds ON review_finding FOR INSERT TO yunshang_app WITH CHECK (
  by = app_person() AND app_reads_review(review_id));
CREATE POLICY app_reads ON review_measure FOR SELECT TO yunshang_app
  USING (app_reads_review(review_id) OR owner_id = app_person());
CREATE POLICY app_adds ON review_measure FOR INSERT TO yunshang_app WITH CHECK (
  added_by = app_person() AND app_convenes_review(review_id));
CREATE POLICY app_moves ON review_measure FOR UPDATE TO yunshang_app
  USING (app_convenes_review(review_id) OR owner_id = app_person());
CREATE POLICY app_reads ON review_viewing FOR SELECT TO yunshang_app
  USING (app_convenes_review(review_id) OR person_id = app_person());
CREATE POLICY app_views ON review_viewing FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND app_reads_review(review_id));
"""

# Counts for those who oversee a region, without any row: concluded reviews by conclusion, cause,
# delay and cell, and measures by state. `own`: the viewer convenes all of them.
COUNTED = """
CREATE FUNCTION review_counts(since timestamptz, until timestamptz, demo_ones boolean)
  RETURNS TABLE (own boolean, kind text, dimension text, code text, n bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH mine AS (
    SELECT r.*, public.app_convenes_review(r.id) AS convened FROM public.case_review r
     WHERE r.concluded_at >= since AND r.concluded_at < until AND r.demo = demo_ones
       AND (public.app_convenes_review(r.id)
         OR ((public.app_has_role('coordinator') OR public.app_has_role('commission'))
           AND EXISTS (SELECT 1 FROM public.region_closure c WHERE c.descendant_id = r.region_id
                        AND c.ancestor_id = ANY(public.app_regions()))))),
  told AS (
    SELECT r.convened, r.kind, 'total' AS dimension, r.level AS code FROM mine r
    UNION ALL SELECT r.convened, r.kind, 'conclusion', r.conclusion FROM mine r
    UNION ALL SELECT r.convened, r.kind, 'cause', r.cause FROM mine r
    UNION ALL SELECT r.convened, r.kind, 'delay', d FROM mine r, unnest(r.delays) AS d
    UNION ALL SELECT r.convened, r.kind, 'cell', f.link || '.' || f.aspect
                FROM mine r JOIN public.review_finding f ON f.review_id = r.id
    UNION ALL SELECT r.convened, r.kind, 'measure', m.state
                FROM mine r JOIN public.review_measure m ON m.review_id = r.id)
  SELECT bool_and(t.convened), t.kind, t.dimension, t.code, count(*)
    FROM told t GROUP BY t.kind, t.dimension, t.code ORDER BY t.kind, t.dimension, t.code
$$;
REVOKE ALL ON FUNCTION review_counts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review_counts TO yunshang_app;
"""

TABLES = (
    "case_review",
    "review_member",
    "review_pack",
    "review_vote",
    "review_finding",
    "review_measure",
    "review_viewing",
)
SEALED = ("review_pack", "review_vote", "review_finding", "review_viewing")


def upgrade() -> None:
    for script in (TABLES_OF, PARTY, SEES, RECUSED, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES + COUNTED):
        op.execute(statement)
