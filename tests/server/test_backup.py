"""The backup of docs/operators.md: what comes back is guarded like what was saved."""

import os
import subprocess
from pathlib import Path

import asyncpg

from server.embedded.binaries import postgres_bin
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from server.supervisor.program import Program, spawn
from tests.fixtures.database import Clone

# Everything that guards rows: policies, forced security, triggers (ALWAYS or not), grants.
GUARDS = """
SELECT 'table', relname, relrowsecurity || '/' || relforcerowsecurity || '/'
       || coalesce(relacl::text, '') || '/' || relowner::regrole
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')
UNION ALL
SELECT 'policy', polrelid::regclass || '.' || polname,
       coalesce(pg_get_expr(polqual, polrelid), '') || polroles::regrole[]::text
  FROM pg_policy
UNION ALL
SELECT 'trigger', tgrelid::regclass || '.' || tgname, tgenabled::text
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, prosecdef || '/' || coalesce(proacl::text, '')
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


def _run(services: EmbeddedServices, tool: str, *arguments: str) -> "subprocess.Popen[bytes]":
    layout = services.layout
    argv = (
        f"{postgres_bin(layout.account)}/{tool}",
        f"--host={layout.run_dir}",
        *arguments,
    )
    job = Program(tool, argv, account=layout.account, cwd=layout.run_dir)
    process = spawn(job, stdout=subprocess.PIPE)
    process.wait(60)
    return process


def _done(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    with process.stdout:
        text = process.stdout.read().decode()
    assert process.returncode == 0, text
    return text


async def _guards(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(GUARDS)]
    finally:
        await connection.close()


async def test_a_restored_database_is_guarded_like_the_saved_one(
    services: EmbeddedServices, database: Clone
) -> None:
    file = services.layout.run_dir / f"{database.name}.dump"
    restored = f"{database.name}_restored"
    _done(
        _run(
            services, "pg_dump", f"--username={SUPERUSER}", "--format=custom",
            f"--file={file}", database.name,
        )
    )  # fmt: skip
    connection = await asyncpg.connect(services.layout.postgres_url(SUPERUSER, "postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {restored} OWNER yunshang_owner")
        _done(
            _run(
                services, "pg_restore", f"--username={SUPERUSER}", "--exit-on-error",
                f"--dbname={restored}", str(file),
            )
        )  # fmt: skip
        saved = await _guards(database.superuser_url)
        assert len(saved) > 50
        assert await _guards(services.layout.postgres_url(SUPERUSER, restored)) == saved
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {restored} WITH (FORCE)")
        await connection.close()
        os.unlink(file)


def test_the_guide_says_the_same_commands() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "operators.md").read_text()
    assert "pg_dump --format=custom" in guide
    assert "pg_restore --exit-on-error" in guide
