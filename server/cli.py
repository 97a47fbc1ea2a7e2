"""`yunshang`: one command line for every process and chore."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.settings import Settings, SettingsError

app = typer.Typer(
    name="yunshang",
    help="Yunshang 云上妇幼: remote maternal-fetal care and referral.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def settings() -> Settings:
    """This process's settings from the environment."""
    return Settings.from_env(os.environ)


@app.command()
def serve() -> None:
    """Serve the API, browser sockets and the web application."""
    from server.commands import processes

    processes.serve(settings().need("database_url", "valkey_url"))


@app.command()
def gateway() -> None:
    """Take CTG streams in and show them live, on a port of its own."""
    from server.commands import processes

    processes.gateway(settings().need("system_database_url", "valkey_url"))


@app.command()
def engine() -> None:
    """Do what is due: relay, escalations, timers, checkpoints. Two or more may run."""
    from server.commands import processes

    processes.engine(settings().need("system_database_url", "valkey_url"))


@app.command()
def worker() -> None:
    """Run chores with Celery."""
    from server.commands import processes

    processes.worker(settings().need("system_database_url", "valkey_url"))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, as its owner."""
    from server.migrate import upgrade_now

    upgrade_now(settings().need("owner_database_url").owner_database_url)


@app.command()
def demo() -> None:
    """Run everything on this machine with private services and a synthetic region."""
    from server.commands import demo as command

    command.demo(settings(), command.say)


@app.command()
def alive(name: Annotated[str, typer.Argument(help="serve, gateway, engine or worker")]) -> None:
    """End with 0 if this host's process NAME beat in the last ten seconds (health checks)."""
    from server.commands.alive import alive as beats

    raise typer.Exit(0 if beats(settings(), name) else 1)


@app.command(hidden=True)
def demo_seed() -> None:
    """Put the synthetic region into an empty installation."""
    from server.commands import region

    region.seed(settings().need("system_database_url"))


@app.command(hidden=True)
def demo_history() -> None:
    """Tell the synthetic region's closed cases."""
    from server.commands import region

    region.history(settings().need("database_url"))


@app.command(hidden=True)
def demo_monitors() -> None:
    """Stream the synthetic region's monitors."""
    from server.commands import region

    region.monitors(settings().need("system_database_url"))


@app.command()
def openapi(
    output: Annotated[
        Path | None, typer.Option(help="File to write; else standard output.")
    ] = None,
) -> None:
    """Write the description of the HTTP API."""
    from server.commands.openapi import document

    text = json.dumps(document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text)


def main() -> None:
    """Entry point: errors that people can mend are one line, not a trace."""
    try:
        app()
    except EXPECTED as error:
        sys.stderr.write(f"yunshang: {error}\n")
        raise SystemExit(2) from None


def _expected() -> tuple[type[Exception], ...]:
    from server.embedded.binaries import MissingProgram
    from server.embedded.postgres import PostgresFailed
    from server.supervisor.ledger import AlreadySupervised
    from server.supervisor.probes import PortTaken
    from server.supervisor.shell import StartFailed

    return (
        SettingsError,
        AlreadySupervised,
        PortTaken,
        MissingProgram,
        PostgresFailed,
        StartFailed,
    )


EXPECTED = _expected()

if __name__ == "__main__":
    main()
