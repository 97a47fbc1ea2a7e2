"""The demo's telephones: a providers file of its own, pointing at the simulator on this machine.

Keys are made anew with each installation and never leave it. The ports of the last start are kept
while they are free, so that an open page of phones stays open.
"""

import os
import secrets
import socket
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.settings import Settings

FILE = "providers.toml"
HOST = "127.0.0.1"


def with_phones(settings: Settings) -> Settings:
    """The settings of a demo whose messages go to simulated phones, unless it has real ones."""
    if settings.providers_file is not None:
        return settings
    path = settings.data_dir / FILE
    port, smtp_port = _ports(path)
    text = _document(settings, port, smtp_port)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(made, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)
    return replace(settings, providers_file=path)


def phones_url(path: Path | None) -> str | None:
    """Where the phones are shown; None without a simulator."""
    found = _read(path)
    return f"http://{HOST}:{found['port']}/" if found else None


def _ports(path: Path) -> tuple[int, int]:
    last = _read(path)
    wanted = (last["port"], last["smtp_port"]) if last else (0, 0)
    with socket.socket() as one, socket.socket() as two:
        return _bound(one, wanted[0]), _bound(two, wanted[1])


def _bound(trial: socket.socket, port: int) -> int:
    """The port, or any free one if somebody has it."""
    trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        trial.bind((HOST, port))
    except OSError:
        trial.bind((HOST, 0))
    return int(trial.getsockname()[1])


def _read(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    with suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        found = tomllib.loads(path.read_text("utf-8")).get("simulator")
        if isinstance(found, dict) and {"port", "smtp_port"} <= found.keys():
            return found
    return None


def _document(settings: Settings, port: int, smtp_port: int) -> str:
    key = secrets.token_urlsafe(24)
    base = f"http://{HOST}:{port}"
    here = f"http://127.0.0.1:{settings.port}"
    templates = 'templates = { page = "T_1", drill = "T_2", test = "T_3", verify = "T_4" }'
    aliyun = f'access_key_id = "LTAI-demo"\naccess_key_secret = "{key}"\nbase_url = "{base}"'
    return f"""# Written anew at each start of the demo.
public_url = "{here}"

[callbacks]
secret = "{secrets.token_urlsafe(24)}"
networks = ["127.0.0.0/8"]

[sms]
order = ["aliyun"]
with_link = true

[sms.aliyun]
{aliyun}
sign_name = "云上妇幼"
{templates}

[voice]
{aliyun}
show_number = "057100000000"
{templates}
keys = {{ accept = "T_5", decline = "T_6", next = "T_7" }}

[wecom_app]
corp_id = "ww-demo"
secret = "{key}"
agent_id = 1000001
base_url = "{base}"

[wecom_robot]
base_url = "{base}"

[dingtalk_app]
app_key = "ding-demo"
app_secret = "{key}"
agent_id = 2000001
base_url = "{base}"

[dingtalk_robot]
base_url = "{base}"

[email]
host = "{HOST}"
port = {smtp_port}
tls = "none"
sender = "duty@yunshang.example.cn"
username = "duty"
password = "{key}"

[simulator]
port = {port}
smtp_port = {smtp_port}
target = "{here}"
"""
