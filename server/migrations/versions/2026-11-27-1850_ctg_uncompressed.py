"""CTG: what is kept for an hour is not compressed on its way in.

A quarter of what PostgreSQL did for a second of a monitor was compressing it: chunks, which become
segments within about an hour, compressed better; and the two number arrays of a flush, which are
gone within a minute. Chunks take some seventy bytes a second more while they last.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0057_ctg_uncompressed"
down_revision = "0056_training"

STORAGE = """
ALTER TABLE ctg_chunk ALTER COLUMN frames SET STORAGE EXTERNAL;
-- With the frames out of line the rest of a flush fits on its page.
ALTER TABLE ctg_journal ALTER COLUMN recordings SET STORAGE EXTERNAL;
ALTER TABLE ctg_journal ALTER COLUMN counts SET STORAGE EXTERNAL;
ALTER TABLE ctg_journal SET (toast_tuple_target = 8160);
"""


def upgrade() -> None:
    for statement in statements(STORAGE):
        op.execute(statement)
