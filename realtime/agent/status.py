"""A page for whoever stands beside the box: what it hears, what waits, whether it is connected.

Served on this machine only, read only, in Chinese and English. It names monitors and beds, never a
patient: the agent knows none.
"""

from __future__ import annotations

import asyncio
import html
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from realtime.agent.uplink import unsent

if TYPE_CHECKING:
    from realtime.agent.station import Monitor, Station

log = structlog.get_logger()

MAX_HEAD_BYTES: Final = 8_192
HEAD_S: Final = 5.0
AGAIN_S: Final = 10.0
LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

STATES: Final = {
    "recording": "记录中 Recording",
    "signal": "有信号，即将开始 Signal, about to begin",
    "waiting": "等待信号 Waiting for a signal",
    "silent": "设备无数据 Monitor says nothing",
    "port": "端口不可用 Port not available",
}
DISKS: Final = {
    "slow": "磁盘响应缓慢，新数据暂存内存并照常上传 "
    "Disk slow: new data are kept in memory and sent",
    "full": "磁盘已满，新数据仅在内存中，请立即清理磁盘 "
    "Disk full: new data are in memory only; make room now",
    "unwritable": "磁盘无法写入（已满、只读或故障），新数据仅在内存中，请立即检查磁盘 "
    "Disk takes nothing (full, read-only or broken): new data are in memory only; see to it now",
}
LINKS: Final = {
    "connected": "已连接 Connected",
    "connecting": "正在连接，数据保存在本机 Connecting; data are kept here",
    "refused": "被拒绝，请检查令牌 Refused; check the token",
    "wrong": "对端应答异常，请检查网关地址 Wrong answers; check the gateway's address",
}


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
    if line.startswith("GET /status.json "):
        return _response("200 OK", "application/json", msgspec.json.encode(facts(station)))
    return _response("404 Not Found", "text/plain", b"")


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none';"
        " style-src 'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def facts(station: Station) -> dict[str, Any]:
    """Everything that the page shows."""
    lines = station.keeper.uplink.lines
    link = station.link.status
    now_s = time.monotonic()
    here_s = station.now()[0]
    return {
        "link": link.state,
        "link_detail": link.detail,
        "link_for_s": round(now_s - link.since_s),
        "connections": link.connections,
        "clock_offset_ms": None if link.clock is None else link.clock.offset_ns // 1_000_000,
        "unsent_s": unsent(lines.values()),
        "recordings_waiting": len(lines),
        "refused": sorted({line.code for line in lines.values() if line.code}),
        "disk": station.keeper.disk,
        "in_memory_s": station.keeper.in_memory,
        "buffer_set_aside": station.keeper.buffer.set_aside,
        "given_up_s": station.keeper.given_up,
        "conflicts": link.conflicts,
        "monitors": [_monitor(monitor, here_s) for monitor in station.monitors],
    }


def _monitor(monitor: Monitor, now_s: float) -> dict[str, Any]:
    bedside = monitor.bedside
    heard_s = bedside.clockwork.heard_s
    return {
        "device": monitor.config.device,
        "bed": monitor.config.bed,
        "kind": monitor.config.kind,
        "state": _state(monitor, now_s),
        "trouble": monitor.trouble,
        "seconds": bedside.seq if bedside.recording is not None else 0,
        "last_data_s": None if heard_s is None else round(now_s - heard_s, 1),
        "damaged": bedside.decoder.bad,
        "misplaced": bedside.clockwork.misplaced,
    }


def _state(monitor: Monitor, now_s: float) -> str:
    bedside = monitor.bedside
    if monitor.trouble:
        return "port"
    if bedside.clockwork.silent(now_s):
        return "silent"
    if bedside.recording is not None:
        return "recording"
    return "signal" if bedside.presence.signal_s else "waiting"


_STYLE: Final = """
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,"Noto Sans SC",sans-serif;margin:1rem
auto;max-width:60rem;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;
padding:.4rem .6rem;border-bottom:1px solid #8886}.bad{font-weight:700}.bad::before{content:"⚠ "}
@media(max-width:40rem){tr{display:block;padding:.5rem 0}td{display:block;border:0;padding:.1rem 0}
thead{display:none}td:last-child{border-bottom:1px solid #8886}}
"""


def page(now: dict[str, Any]) -> str:
    """The page; it loads itself anew every five seconds."""
    bad_link = "" if now["link"] == "connected" else " class='bad'"
    rows = "".join(_row(one) for one in now["monitors"])
    notes = [
        f"<p{bad_link}>云端连接 Connection: {LINKS[now['link']]}"
        f" {html.escape(now['link_detail'])}</p>",
        f"<p>待上传 Waiting to be sent: {now['unsent_s']} 秒 s</p>",
    ]
    if now["clock_offset_ms"] is not None:
        notes.append(f"<p>时钟偏差 Clock offset: {now['clock_offset_ms']} ms</p>")
    if now["disk"] != "ok":
        notes.append(f"<p class='bad'>{DISKS[now['disk']]} ({now['in_memory_s']} 秒 s)</p>")
    if now["buffer_set_aside"]:
        notes.append(
            "<p class='bad'>缓存文件曾损坏，完好部分已恢复，损坏文件保留为 The buffer was damaged;"
            " what was whole goes on, the damaged file is kept as"
            f" {html.escape(now['buffer_set_aside'])}</p>"
        )
    if now["given_up_s"]:
        notes.append(f"<p class='bad'>丢失 Lost: {now['given_up_s']} 秒 s</p>")
    notes += [f"<p class='bad'>{html.escape(code)}</p>" for code in now["refused"]]
    return (
        "<!doctype html><html lang='zh-CN'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta http-equiv='refresh' content='5'>"
        f"<title>云上妇幼 采集代理 Yunshang agent</title><style>{_STYLE}</style>"
        f"<h1>云上妇幼 采集代理 <small lang='en'>Yunshang agent</small></h1>{''.join(notes)}"
        "<table><thead><tr><th>床位 Bed<th>设备 Monitor<th>状态 State<th>已记录 Recorded"
        f"<th>最近数据 Last data<th>损坏 Damaged</thead><tbody>{rows}</tbody></table></html>"
    )


def _row(one: dict[str, Any]) -> str:
    bad = " class='bad'" if one["state"] in {"silent", "port"} else ""
    last = "–" if one["last_data_s"] is None else f"{one['last_data_s']} 秒前 s ago"
    return (
        f"<tr><td>{html.escape(one['bed']) or '–'}<td>{html.escape(one['device'])}"
        f" <small>{html.escape(one['kind'])}</small><td{bad}>{STATES[one['state']]}"
        f" {html.escape(one['trouble'])}<td>{one['seconds']} 秒 s<td>{last}<td>{one['damaged']}"
    )
