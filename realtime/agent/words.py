"""What the box's own page says, Chinese and English, with what to do next.

Each problem is a level and a sentence. Levels are words on the page, never colour alone.
"""

from __future__ import annotations

from typing import Final

OK, STANDBY, ATTENTION, FAULT = "ok", "standby", "attention", "fault"
LEVELS: Final = (OK, STANDBY, ATTENTION, FAULT)
"""From good to bad."""

Said = tuple[str, str]
"""Chinese and English."""

LIGHTS: Final[dict[str, Said]] = {
    OK: ("正常", "OK"),
    STANDBY: ("待机", "Standby"),
    ATTENTION: ("注意", "Attention"),
    FAULT: ("故障", "Fault"),
}
SIGNS: Final = {OK: "✓", STANDBY: "–", ATTENTION: "!", FAULT: "✕"}

STATES: Final[dict[str, tuple[str, Said]]] = {
    "recording": (OK, ("记录中", "Recording")),
    "signal": (OK, ("有信号，即将开始", "Signal, about to begin")),
    "waiting": (STANDBY, ("设备在线，等待胎心信号", "On, waiting for a fetal signal")),
    "off": (STANDBY, ("设备无数据：关机，或数据线未接", "No data: off, or its cable is out")),
    "silent": (
        FAULT,
        (
            "记录中途设备无数据：请检查设备电源和数据线",
            "No data in the middle of a recording: check power and cable",
        ),
    ),
    "port": (FAULT, ("端口不可用", "Port not available")),
}

PORTS: Final[dict[str, Said]] = {
    "connecting": ("正在打开", "being opened"),
    "closed": ("对方关闭了连接：请检查串口服务器", "closed by the other end: check the converter"),
    "FileNotFoundError": (
        "找不到端口：请检查 USB 线和端口名",
        "not found: check the USB cable and the port's name",
    ),
    "PermissionError": (
        "无权打开端口：请把服务用户加入 dialout 组",
        "may not be opened: add the service's user to the group dialout",
    ),
    "ConnectionRefusedError": (
        "串口服务器拒绝连接：请检查其端口设置",
        "refused by the converter: check its port setting",
    ),
    "TimeoutError": (
        "连接串口服务器超时：请检查网线和电源",
        "the converter does not answer: check its network cable and power",
    ),
    "PortGone": (
        "线路已断开：请检查数据线是否插紧",
        "the line is gone: check that the cable is plugged in",
    ),
    "decoder": ("解码失败，请联系厂家", "the decoder failed: call support"),
}
OTHER_PORT: Final[Said] = ("无法打开，请检查接线", "cannot be opened: check the wiring")

LINKS: Final[dict[str, tuple[str, Said]]] = {
    "connected": (OK, ("已连接", "Connected")),
    "connecting": (
        ATTENTION,
        (
            "正在连接，数据保存在本机：请检查网络",
            "Connecting; data are kept here: check the network",
        ),
    ),
    "refused": (
        FAULT,
        (
            "云端拒绝连接，数据保存在本机",
            "Refused by the gateway; data are kept here",
        ),
    ),
    "wrong": (
        FAULT,
        (
            "对端应答异常，数据保存在本机：请检查网关地址和网络登录页",
            "Wrong answers; data are kept here: check the gateway's address, or a login page",
        ),
    ),
}
REFUSED: Final[dict[str, Said]] = {
    "token": ("令牌文件为空或无法读取", "the token's file is empty or cannot be read"),
    "401": ("令牌无效：请在“监护设备”页换发", "the token is not valid: get a new one"),
    "403": ("令牌无权：请联系管理员", "the token may not do this: ask the administrator"),
    "404": ("网关地址有误：请检查 gateway", "wrong address: check `gateway`"),
}
REDIRECTED: Final[Said] = (
    "网络要求先登录或地址已变更",
    "the network wants a login, or the address has changed",
)
NOT_TRUSTED: Final[Said] = (
    "证书不受信任：请检查 ca_file 和本机时钟",
    "the certificate is not trusted: check `ca_file` and the clock",
)

DISKS: Final[dict[str, tuple[str, Said]]] = {
    "slow": (
        ATTENTION,
        ("磁盘响应缓慢，新数据暂存内存并照常上传", "Disk slow; new data are sent from memory"),
    ),
    "full": (
        FAULT,
        (
            "磁盘已满，新数据仅在内存中：请立即清理磁盘",
            "Disk full; new data are in memory only: make room now",
        ),
    ),
    "unwritable": (
        FAULT,
        (
            "磁盘无法写入（已满、只读或故障），新数据仅在内存中：请立即检查",
            "Disk takes nothing (full, read-only or broken); new data are in memory only: check it",
        ),
    ),
}

RECORDINGS: Final[dict[str, Said]] = {
    "ctg.device_unknown": (
        "设备未登记：请在“监护设备”页登记此序列号",
        "the monitor is not registered: register its serial number",
    ),
    "ctg.device_revoked": (
        "设备已停用：请联系管理员",
        "the monitor was revoked: ask the administrator",
    ),
    "ctg.recording_foreign": (
        "该记录属于其他机构：请联系管理员",
        "the recording is another house's: ask the administrator",
    ),
    "ctg.opening_failed": (
        "云端无法登记该记录：请联系技术支持",
        "the server cannot enter this recording: call support",
    ),
    "ctg.storage_unavailable": (
        "云端暂时无法存储，稍后自动重试",
        "the server cannot store now; tried again by itself",
    ),
    "ctg.taken_over": (
        "另一台采集代理正在上传同一设备",
        "another agent sends the same monitor",
    ),
}


def problem(code: str, **values: object) -> Said:
    """A sentence about one problem, with its numbers."""
    chinese, english = _PROBLEMS[code]
    return chinese.format(**values), english.format(**values)


_PROBLEMS: Final[dict[str, Said]] = {
    "monitors": ("请查看设备：{zh}", "See the monitors: {en}"),
    "refused": ("云端不接收：{zh}", "Not taken by the server: {en}"),
    "buffered": (
        "{seconds} 秒尚未上传，正在补传",
        "{seconds} s are not delivered yet; being sent",
    ),
    "damaged": ("{count} 段数据损坏：请检查数据线", "Damaged blocks: {count}; check the cable"),
    "misplaced": (
        "设备发送过快，{count} 个采样未使用：一条线上是否接了两台设备？",
        "Sends too fast, {count} samples were left out: are two monitors on one line?",
    ),
    "battery": ("设备电池电量低", "The monitor's battery is low"),
    "clock": (
        "本机时钟偏差 {seconds} 秒：请开启自动校时",
        "This box's clock is {seconds} s off: switch network time on",
    ),
    "clock_impossible": (
        "本机日期不可能（1970—2200 年之外），曲线照常记录，但日期不可信：请立即校时",
        "This box's date cannot be (outside 1970-2200); strips are recorded, but their dates are"
        " not true: set the clock now",
    ),
    "set_aside": (
        "缓存文件曾损坏，完好部分已恢复；损坏文件保留为 {name}",
        "The buffer was damaged; what was whole goes on, the rest is kept as {name}",
    ),
    "left_behind": (
        "缓存文件曾损坏，空间不足，{name} 中的数据尚未恢复：请立即清理磁盘",
        "The buffer was damaged and there is no room for what {name} still has: make room now",
    ),
    "given_up": (
        "{seconds} 秒已丢失，已在曲线上标为缺口",
        "{seconds} s are lost, and marked as a gap on the strip",
    ),
    "conflicts": ("{count} 秒与云端已存数据不一致", "{count} s differ from what the server has"),
}
