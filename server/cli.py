"""`yunshang`: one command line for every process and chore."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from server.settings import CannotGoOn, Settings

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
def gateway(
    drain: Annotated[
        bool,
        typer.Option("--drain", help="Ask the older gateways of this host and port to leave."),
    ] = False,
) -> None:
    """Take CTG streams in and show them live, on a port of its own."""
    if drain:
        from server.commands import gateways

        typer.echo(f"{gateways.drain(settings())} drained")
        return
    from server.commands import processes

    processes.gateway(settings().need("system_database_url", "valkey_url"))


@app.command(hidden=True)
def gateway_part(part: Annotated[str, typer.Argument(help="worker or keeper")]) -> None:
    """One of a gateway's other processes; lives as long as its parent."""
    from server.commands import processes

    processes.gateway_part(settings().need("system_database_url", "valkey_url"), part)


@app.command()
def media() -> None:
    """Carry sound and pictures of rooms; one process a core, each on a port of its own."""
    from server.commands import processes

    processes.media(settings().need("system_database_url", "valkey_url"))


@app.command()
def dicom() -> None:
    """Receive scans from registered imaging machines (DICOM C-STORE), on a port of its own."""
    from server.commands import processes

    processes.dicom(settings().need("system_database_url"))


@app.command()
def engine() -> None:
    """Do what is due: relay, escalations, timers, checkpoints. Two or more may run."""
    from server.commands import processes

    processes.engine(settings().need("system_database_url", "valkey_url"))


@app.command()
def sender() -> None:
    """Only send messages out, beside the engines, which send too. As many as are needed may run."""
    from server.commands import processes

    processes.sender(settings().need("system_database_url"))


@app.command()
def worker() -> None:
    """Run chores with Celery."""
    from server.commands import processes

    processes.worker(settings().need("system_database_url", "valkey_url"))


@app.command()
def watch() -> None:
    """Tell operators and screens when paging is impaired; on another host HTTP is enough."""
    from server.commands import processes

    processes.watch(settings())


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
def alive(
    name: Annotated[
        str, typer.Argument(help="serve, gateway, media, dicom, engine, sender, worker or watch")
    ],
) -> None:
    """End with 0 if this host's process NAME beat in the last ten seconds (health checks)."""
    from server.commands.alive import alive as beats

    raise typer.Exit(0 if beats(settings(), name) else 1)


@app.command()
def simulate_providers() -> None:
    """Play SMS, voice, WeCom, DingTalk and mail for a demo, with a page of the phones."""
    from server.commands.simulate import simulate

    simulate(settings())


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
def verify(
    export_to: Annotated[
        Path | None, typer.Option("--export", help="Also write what was read, to check elsewhere.")
    ] = None,
    offline: Annotated[
        Path | None, typer.Option(help="Check an export instead of a database.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="The append-only file; else the installation's.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="Trusted public keys; else the installation's.")
    ] = None,
) -> None:
    """Find out whether anybody changed history: every chain, every signed checkpoint."""
    from kernel.chain.signing import PUBLIC_FILE
    from server.commands import verify as command
    from server.commands.demo import say
    from server.commands.local import installation

    ours = settings()
    file = checkpoints or ours.checkpoints
    key = public_key or ours.data_dir / PUBLIC_FILE
    if offline is not None:
        raise typer.Exit(command.verify_export(offline, file, key, say))
    with installation(ours) as found:
        url = found.system_database_url
        raise typer.Exit(command.verify_database(url, file, key, say, export_to=export_to))


@app.command()
def risk_table(
    region: Annotated[str, typer.Argument(help="Code of the region, e.g. 330000.")],
    table: Annotated[str, typer.Argument(help="national_2017, zhejiang_2018, … (docs/risk.md)")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
) -> None:
    """Let a region, and all below it, grade pregnancies by TABLE from a day on."""
    from server.commands.local import installation
    from server.commands.risk_table import choose_table

    with installation(settings()) as found:
        choose_table(found.system_database_url, region, table, since.date())


outbox = typer.Typer(help="Effects that were given up.", no_args_is_help=True)
app.add_typer(outbox, name="outbox")

RowIds = Annotated[list[UUID] | None, typer.Argument(help="Ids as list shows them.")]
Topic = Annotated[str | None, typer.Option(help="Only, or all, of this topic.")]
Reason = Annotated[str, typer.Option(help="Why; kept with your login's name.")]


@outbox.command("list")
def outbox_list(
    topic: Topic = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Which effects were given up, since when, after which kind of failure."""
    from server.commands import outbox as command
    from server.commands.local import installation

    with installation(settings()) as found:
        command.show(found.system_database_url, topic, typer.echo, as_json=as_json)


@outbox.command("history")
def outbox_history() -> None:
    """What was decided before, by whom and why."""
    from server.commands import outbox as command
    from server.commands.local import installation

    with installation(settings()) as found:
        command.history(found.system_database_url, typer.echo)


@outbox.command("revive")
def outbox_revive(reason: Reason, rows: RowIds = None, topic: Topic = None) -> None:
    """Hand rows to their handlers once more, from the first attempt."""
    _decide("revived", rows, topic, reason)


@outbox.command("set-aside")
def outbox_set_aside(reason: Reason, rows: RowIds = None, topic: Topic = None) -> None:
    """Let rows rest for good: what they were for shall not happen any more."""
    _decide("set_aside", rows, topic, reason)


def _decide(what: str, rows: list[UUID] | None, topic: str | None, reason: str) -> None:
    from kernel.given_up import Decision
    from server.commands import outbox as command
    from server.commands.local import installation

    with installation(settings()) as found:
        url = found.system_database_url
        command.decide(url, Decision(what), rows or (), topic, reason, typer.echo)


@app.command()
def replay(
    files: Annotated[list[Path] | None, typer.Argument(help=".hea, .dat, .fhr or .fhrm")] = None,
    synth: Annotated[list[str] | None, typer.Option(help="A scenario of the synthesiser.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="Serial number, one a tracing.")] = None,
    bed: Annotated[list[str] | None, typer.Option(help="Name of the bed, one a device.")] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the agent's token; else CTG_TOKEN, else the demo's."),
    ] = None,
    gateway: Annotated[str, typer.Option(help="ws://… of the gateway; else the setting.")] = "",
    speed: Annotated[float, typer.Option(help="1 to 60 times life.")] = 1.0,
    loop: Annotated[bool, typer.Option(help="Begin again at the end of a file.")] = False,
    seconds: Annotated[int | None, typer.Option(help="Length of synthetic tracings.")] = None,
    seed: Annotated[int, typer.Option(help="Decides synthetic tracings.")] = 1,
) -> None:
    """Send CTG recordings or synthetic tracings to a gateway, as a centre's agent would."""
    from server.commands import replay as command
    from server.commands.demo import say

    token = token_file.read_text().strip() if token_file else os.environ.get("CTG_TOKEN", "")
    status = command.send(
        settings(),
        say,
        files=files or (),
        synth=synth or (),
        devices=device or (),
        token=token,
        gateway=gateway,
        beds=bed or (),
        speed=speed,
        loop=loop,
        seconds=seconds,
        seed=seed,
    )
    raise typer.Exit(status)


@app.command()
def agent(
    config: Annotated[Path, typer.Argument(help="The centre's file (docs/ctg-agent.md).")],
    check: Annotated[bool, typer.Option(help="Only read the file and say what is wrong.")] = False,
) -> None:
    """Read a centre's monitors, keep every second on disk, send until acknowledged."""
    from server.commands import agent as command

    command.run(settings(), config, check=check)


@app.command()
def simulate_monitor(
    kind: Annotated[str, typer.Option(help="philips, corometrics, luckcome, csv or json")],
    to: Annotated[str, typer.Option(help="tcp://host:port to listen on, file:///path, a line.")],
    scenario: Annotated[str, typer.Option(help="A scenario of the synthesiser.")] = "reactive",
    seed: Annotated[int, typer.Option(help="Decides the tracing.")] = 1,
    speed: Annotated[float, typer.Option(help="1 is life.")] = 1.0,
) -> None:
    """Speak as a monitor, in a real device's bytes, to try an agent out."""
    from server.commands import agent as command

    command.simulate_monitor(kind, to, scenario, seed, speed)


@app.command()
def openapi(
    output: Annotated[
        Path | None, typer.Option(help="File to write; else standard output.")
    ] = None,
) -> None:
    """Write the description of the HTTP API."""
    from server.commands.openapi import document

    text = json.dumps(document(), ensure_ascii=False, indent=0, sort_keys=True) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text)


def main() -> None:
    """Entry point: errors that people can mend are one line, not a trace."""
    try:
        app()
    except CannotGoOn as error:
        sys.stderr.write(f"yunshang: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
