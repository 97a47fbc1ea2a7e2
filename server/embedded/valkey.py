"""A private Valkey with its append-only file on."""

import signal
import socket

from server.embedded.binaries import valkey_server
from server.embedded.layout import Layout
from server.supervisor.program import Program


def program(layout: Layout) -> Program:
    """The server as a foreground program; SIGTERM flushes the append-only file."""
    options = {
        "port": "0",
        "unixsocket": str(layout.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(layout.valkey_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        # Celery's messages must not be dropped silently; refuse writes instead.
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "logfile": "",
        "loglevel": "warning",
    }
    argv = [str(valkey_server(layout.account))]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return Program(
        "valkey", tuple(argv), stop_signal=signal.SIGTERM, stop_seconds=10, account=layout.account
    )


def ready(layout: Layout) -> bool:
    """Whether the server answers PING (it says LOADING while it reads its file)."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(2)
            link.connect(str(layout.valkey_socket))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False
