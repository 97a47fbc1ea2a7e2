"""The page for whoever stands beside the box at night, served on this machine only, read only.

It renews itself; when the agent does not answer any more, the page says so and since when.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from realtime.agent import words
from realtime.agent.status import facts

if TYPE_CHECKING:
    from realtime.agent.station import Station

log = structlog.get_logger()

MAX_HEAD_BYTES: Final = 8_192
HEAD_S: Final = 5.0
AGAIN_S: Final = 10.0
LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


async def serve(station: Station, port: int) -> None:
    """Listen on this machine until cancelled; a port that another has is waited for.

    Recording does not depend on the page.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(station, head.decode("latin-1")))
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    while True:
        try:
            server = await asyncio.start_server(answer, "127.0.0.1", port, limit=MAX_HEAD_BYTES)
        except OSError as error:
            log.warning("agent.no_status_page", port=port, error=str(error))
            await asyncio.sleep(AGAIN_S)
            continue
        async with server:
            await server.serve_forever()


def _answer(station: Station, head: str) -> bytes:
    line, *headers = head.split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in headers)}
    # A foreign page must not read this one under a name that it made point here.
    if named.get("host", "").rsplit(":", 1)[0] not in LOCAL:
        return _response("403 Forbidden", "text/plain", b"")
    if line.startswith("GET / "):
        return _response("200 OK", "text/html; charset=utf-8", page(facts(station)).encode())
    if line.startswith("GET /now "):
        return _response("200 OK", "text/html; charset=utf-8", body(facts(station)).encode())
    if line.startswith("GET /status.json "):
        return _response("200 OK", "application/json", msgspec.json.encode(facts(station)))
    return _response("404 Not Found", "text/plain", b"")


_SCRIPT: Final = """
const now=document.getElementById('now'),gone=document.getElementById('gone');let last=new Date();
async function renew(){try{const a=await fetch('/now',{signal:AbortSignal.timeout(4000)});
if(!a.ok)throw a;now.innerHTML=await a.text();last=new Date();gone.hidden=true}
catch{gone.hidden=false;gone.querySelector('time').textContent=last.toLocaleTimeString()}
setTimeout(renew,2000)}setTimeout(renew,2000)
"""
_SCRIPT_HASH: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none';"
        f" style-src 'unsafe-inline'; script-src 'sha256-{_SCRIPT_HASH}'; connect-src 'self'\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


_STYLE: Final = """
:root{color-scheme:light dark;--line:#8886;--ok:#1a7f37;--standby:#59636e;--attention:#9a6700;
--fault:#cf222e}@media(prefers-color-scheme:dark){:root{--ok:#3fb950;--standby:#9198a1;
--attention:#d29922;--fault:#ff7b72}}
body{font:16px/1.6 system-ui,"Noto Sans SC","Noto Sans CJK SC",sans-serif;margin:1rem auto;
max-width:64rem;padding:0 1rem;font-variant-numeric:tabular-nums}
h1{font-size:1.25rem;margin:0 0 .75rem}h2{font-size:1.1rem;margin:0}small,.en{opacity:.75}
.light{font-weight:700;white-space:nowrap}.light b{display:inline-block;width:1.5em;height:1.5em;
line-height:1.5em;text-align:center;border-radius:50%;border:2px solid;margin-right:.4em}
.ok{color:var(--ok)}.standby{color:var(--standby)}.attention{color:var(--attention)}
.fault{color:var(--fault)}
section{border:1px solid var(--line);border-left:6px solid var(--standby);border-radius:6px;
padding:.6rem .9rem;margin:.75rem 0}section.at-ok{border-left-color:var(--ok)}
section.at-attention{border-left-color:var(--attention)}
section.at-fault{border-left-color:var(--fault)}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;
align-items:baseline}
ul{margin:.4rem 0;padding-left:1.2rem}li{margin:.2rem 0}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.4rem 1rem;
margin:.5rem 0 0}dt{font-size:.85rem;opacity:.75}dd{margin:0;font-weight:600;overflow-wrap:anywhere}
dl>div{min-width:0}
#gone{position:sticky;top:0;background:var(--fault);color:#fff;padding:.6rem .9rem;
border-radius:6px}@media(prefers-color-scheme:dark){#gone{color:#000}}
"""


def page(now: dict[str, Any]) -> str:
    """The whole page."""
    return (
        "<!doctype html><html lang='zh-CN'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<noscript><meta http-equiv='refresh' content='5'></noscript>"
        f"<title>云上妇幼 采集代理 Yunshang agent</title><style>{_STYLE}</style>"
        "<h1>云上妇幼 采集代理 <small lang='en'>Yunshang agent</small></h1>"
        "<p id='gone' role='alert' hidden>采集代理没有应答，以下为 <time></time> 的状态："
        "请检查服务是否在运行 <span lang='en'>The agent does not answer; below is how it was then:"
        " check that the service runs</span></p>"
        f"<main id='now'>{body(now)}</main><script>{_SCRIPT}</script></html>"
    )


def body(now: dict[str, Any]) -> str:
    """What changes."""
    offset = now["clock_offset_ms"]
    about = [
        ("云端连接", "Connection", _both(words.LINKS[now["link"]][1], short=True)),
        ("持续", "For", _length(now["link_for_s"])),
        ("最近确认", "Last ack", _ago(now["acked_s"])),
        ("待上传", "Waiting", f"{now['unsent_s']} s"),
        ("时钟偏差", "Clock offset", "–" if offset is None else f"{offset} ms"),
        ("磁盘", "Disk", "正常 OK" if now["disk"] == "ok" else "异常 Trouble"),
    ]
    own = (
        f"<section class='at-{now['level']}'><header><h2>本机 <small lang='en'>This box</small>"
        f"</h2>{_light(now['level'])}</header>{_list(now['problems'])}{_facts(about)}</section>"
    )
    return own + "".join(_monitor(one) for one in now["monitors"])


def _monitor(one: dict[str, Any]) -> str:
    name = html.escape(one["bed"] or one["device"])
    rates = " / ".join("–" if rate is None else str(rate) for rate in one["rates_bpm"])
    rows = [
        (
            "设备",
            "Monitor",
            f"{html.escape(one['device'])} <small>{html.escape(one['kind'])}</small>",
        ),
        ("端口", "Port", html.escape(one["port"])),
        ("最近字节", "Last byte", _ago(one["last_byte_s"])),
        ("最近采样", "Last sample", _ago(one["last_data_s"])),
        ("胎心率", "Fetal rate", f"{rates or '–'} <small>bpm</small>"),
        ("采样率", "Samples", f"{one['samples_per_s']:g} <small>/s</small>"),
        ("已记录", "Recorded", _length(one["seconds"])),
        ("待上传", "Waiting", f"{one['unsent_s']} s"),
        ("最近确认", "Last ack", _ago(one["acked_s"])),
        ("损坏", "Damaged", str(one["damaged"])),
    ]
    return (
        f"<section class='at-{one['level']}'><header><h2>{name}</h2>{_light(one['level'])}</header>"
        f"<p>{_both(one['said'])}</p>{_list(one['problems'])}{_facts(rows)}</section>"
    )


def _light(level: str) -> str:
    chinese, english = words.LIGHTS[level]
    return (
        f"<span class='light {level}'><b aria-hidden='true'>{words.SIGNS[level]}</b>{chinese}"
        f" <span lang='en'>{english}</span></span>"
    )


def _list(problems: list[dict[str, Any]]) -> str:
    if not problems:
        return ""
    rows = "".join(
        f"<li><span class='{one['level']}'>{words.LIGHTS[one['level']][0]}</span>"
        f" {_both(one['said'])}"
        for one in problems
    )
    return f"<ul>{rows}</ul>"


def _both(said: Any, *, short: bool = False) -> str:
    chinese, english = (part.split("，")[0].split("：")[0].split(";")[0] if short else part
                        for part in said)  # fmt: skip
    return f"{html.escape(chinese)} <span class='en' lang='en'>{html.escape(english)}</span>"


def _facts(rows: list[tuple[str, str, str]]) -> str:
    told = "".join(
        f"<div><dt>{chinese} <span lang='en'>{english}</span></dt><dd>{value}</dd></div>"
        for chinese, english, value in rows
    )
    return f"<dl>{told}</dl>"


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{_length(seconds)} <small>前 ago</small>"


def _length(seconds: float) -> str:
    """A length of time, as short as it may be."""
    if seconds < 10:
        return f"{seconds:g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60:02} min"
