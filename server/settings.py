"""Everything that may differ between two installations, read once from the environment.

Each field names its variable and says in one sentence what it does; the table in
docs/operators.md is checked against these words.
"""
# ruff: noqa: RUF009  (_env makes dataclass fields)

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from server import kinds

DEMO_DIR = Path(".data")


class CannotGoOn(Exception):
    """Something that people can mend; the message says how, so no trace is shown."""


class SettingsError(CannotGoOn):
    """The environment does not describe an installation that can run."""


def _env(name: str, about: str, parse: Callable[[str], Any], default: Any = MISSING) -> Any:
    metadata = {"env": name, "about": about, "parse": parse}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. Build it with `from_env`; it never changes while a process lives."""

    database_url: str = _env(
        "DATABASE_URL",
        "PostgreSQL as role yunshang_app: row-level security applies; used by serve.",
        kinds.text,
        "",
    )
    system_database_url: str = _env(
        "YUNSHANG_SYSTEM_DATABASE_URL",
        "PostgreSQL as role yunshang_system: used by engine, sender, gateway and worker.",
        kinds.text,
        "",
    )
    owner_database_url: str = _env(
        "YUNSHANG_OWNER_DATABASE_URL",
        "PostgreSQL as role yunshang_owner: owns the schema; only migrate needs it.",
        kinds.text,
        "",
    )
    valkey_url: str = _env(
        "VALKEY_URL",
        "Valkey or Redis: wakes processes and carries Celery; holds nothing that must survive.",
        kinds.text,
        "",
    )
    host: str = _env("YUNSHANG_HOST", "Address that serve listens on.", kinds.text, "127.0.0.1")
    port: int = _env("YUNSHANG_PORT", "Port that serve listens on.", kinds.port, 8000)
    gateway_host: str = _env(
        "YUNSHANG_GATEWAY_HOST", "Address that gateway listens on.", kinds.text, "127.0.0.1"
    )
    gateway_port: int = _env(
        "YUNSHANG_GATEWAY_PORT", "Port that gateway listens on.", kinds.port, 8001
    )
    gateway_workers: int = _env(
        "YUNSHANG_GATEWAY_WORKERS",
        "Gateway processes on that port, one per core at most (SO_REUSEPORT); what one carries is "
        "measured by `make bench-ctg` (docs/ctg-scale.md).",
        kinds.positive,
        1,
    )
    gateway_connections: int = _env(
        "YUNSHANG_GATEWAY_CONNECTIONS",
        "Senders of one gateway process, and a quarter as many viewers; never more than "
        "the files that it may open allow.",
        kinds.positive,
        12_000,
    )
    gateway_public_url: str = _env(
        "YUNSHANG_GATEWAY_PUBLIC_URL",
        "Where browsers and devices reach gateway; empty means ws://127.0.0.1 and its port.",
        kinds.text,
        "",
    )
    media_host: str = _env(
        "YUNSHANG_MEDIA_HOST",
        "Address that media listens on, for signalling.",
        kinds.text,
        "127.0.0.1",
    )
    media_port: int = _env(
        "YUNSHANG_MEDIA_PORT",
        "Port that media listens on; 0 takes a free one, which browsers must reach directly.",
        kinds.any_port,
        0,
    )
    media_public_url: str = _env(
        "YUNSHANG_MEDIA_PUBLIC_URL",
        "Where browsers reach this media worker, e.g. wss://yunshang.example.cn/media/1; empty "
        "means ws:// and its own address.",
        kinds.text,
        "",
    )
    media_addresses: tuple[str, ...] = _env(
        "YUNSHANG_MEDIA_ADDRESSES",
        "IPs for sound and pictures, by comma, as inside or inside=outside (NAT 1:1); empty means "
        "all of the host.",
        kinds.ips,
        (),
    )
    room_engine: str = _env(
        "YUNSHANG_ROOM_ENGINE",
        "What carries rooms: forward, our own workers, or janus or livekit, which record nothing "
        "(docs/video.md); the same for every serve and engine.",
        kinds.room_engine,
        "forward",
    )
    janus_url: str = _env(
        "YUNSHANG_JANUS_URL",
        "Where serve and engine reach Janus's WebSocket API, e.g. ws://127.0.0.1:8188/.",
        kinds.socket_address,
        "",
    )
    janus_public_url: str = _env(
        "YUNSHANG_JANUS_PUBLIC_URL",
        "Where browsers reach it, e.g. wss://janus.example.cn/; empty means YUNSHANG_JANUS_URL.",
        kinds.socket_address,
        "",
    )
    janus_admin_key: str = _env(
        "YUNSHANG_JANUS_ADMIN_KEY",
        "The admin_key of Janus's janus.plugin.videoroom.jcfg, without which nobody makes rooms.",
        kinds.text,
        "",
    )
    livekit_url: str = _env(
        "YUNSHANG_LIVEKIT_URL",
        "Where serve and engine reach LiveKit's HTTP API, e.g. http://127.0.0.1:7880.",
        kinds.web_address,
        "",
    )
    livekit_public_url: str = _env(
        "YUNSHANG_LIVEKIT_PUBLIC_URL",
        "Where browsers reach it, e.g. wss://livekit.example.cn/.",
        kinds.socket_address,
        "",
    )
    livekit_api_key: str = _env(
        "YUNSHANG_LIVEKIT_API_KEY",
        "A key of LiveKit's configuration (keys), under which tokens and webhooks are signed.",
        kinds.text,
        "",
    )
    livekit_api_secret: str = _env(
        "YUNSHANG_LIVEKIT_API_SECRET",
        "That key's secret, of 32 characters or more.",
        kinds.text,
        "",
    )
    turn_urls: tuple[str, ...] = _env(
        "YUNSHANG_TURN_URLS",
        "Our own relays, by comma, e.g. turns:turn.example.cn:443?transport=tcp (docs/video.md).",
        kinds.relays,
        (),
    )
    turn_secret: str = _env(
        "YUNSHANG_TURN_SECRET",
        "The relays' static-auth-secret; passwords last 10 minutes.",
        kinds.text,
        "",
    )
    dicom_host: str = _env(
        "YUNSHANG_DICOM_HOST", "Address that dicom listens on.", kinds.text, "127.0.0.1"
    )
    dicom_port: int = _env(
        "YUNSHANG_DICOM_PORT",
        "Port that dicom listens on; 0 takes a free one.",
        kinds.any_port,
        11112,
    )
    dicom_ae_title: str = _env(
        "YUNSHANG_DICOM_AE_TITLE", "How imaging machines call dicom.", kinds.text, "YUNSHANG"
    )
    dicom_associations: int = _env(
        "YUNSHANG_DICOM_ASSOCIATIONS", "Machines that may send at a time.", kinds.positive, 8
    )
    dicom_tls_cert: Path | None = _env(
        "YUNSHANG_DICOM_TLS_CERT",
        "Certificate chain (PEM) that makes dicom speak TLS only; its key may be in the same file.",
        kinds.path,
        None,
    )
    dicom_tls_key: Path | None = _env(
        "YUNSHANG_DICOM_TLS_KEY",
        "Key of that certificate, if it is a file of its own.",
        kinds.path,
        None,
    )
    orthanc_url: str = _env(
        "YUNSHANG_ORTHANC_URL",
        "REST address of an Orthanc of our own that keeps scans, the same for every serve, dicom; "
        "empty means the directory of sealed attachments (docs/imaging.md).",
        kinds.web_address,
        "",
    )
    orthanc_user: str = _env(
        "YUNSHANG_ORTHANC_USER", "Who we are to that Orthanc.", kinds.text, "yunshang"
    )
    orthanc_password: str = _env("YUNSHANG_ORTHANC_PASSWORD", "Our password there.", kinds.text, "")
    public_origins: tuple[str, ...] = _env(
        "YUNSHANG_PUBLIC_ORIGINS",
        "Exact browser origins, by comma, that may write or open sockets here and at gateway; "
        "empty means localhost and serve's port.",
        kinds.origins,
        (),
    )
    data_dir: Path = _env(
        "YUNSHANG_DATA_DIR",
        "Directory for embedded services, the key, the checkpoint file and supervisor state.",
        kinds.path,
        DEMO_DIR,
    )
    secret_key_file: Path | None = _env(
        "YUNSHANG_SECRET_KEY_FILE",
        "File with the 32-byte master key (raw or 64 hex digits), readable by its owner only; "
        "demo makes one in the data directory.",
        kinds.path,
        None,
    )
    checkpoint_file: Path | None = _env(
        "YUNSHANG_CHECKPOINT_FILE",
        "Append-only file that receives each signed checkpoint of the case-event chains; "
        "empty means checkpoints.jsonl in the data directory. Better on another host.",
        kinds.path,
        None,
    )
    attachment_dir: Path | None = _env(
        "YUNSHANG_ATTACHMENT_DIR",
        "Directory of sealed attachments, the same for every serve; back it up with the database; "
        "empty means attachments in the data directory.",
        kinds.path,
        None,
    )
    recording_dir: Path | None = _env(
        "YUNSHANG_RECORDING_DIR",
        "Directory of sealed recordings of rooms, the same for every serve, media, engine; empty "
        "means recordings in the data directory.",
        kinds.path,
        None,
    )
    attachment_max_mb: int = _env(
        "YUNSHANG_ATTACHMENT_MAX_MB",
        "Largest attachment in megabytes, 20 at most.",
        kinds.megabytes,
        10,
    )
    session_idle_minutes: int = _env(
        "YUNSHANG_SESSION_IDLE_MINUTES",
        "A login ends after so many minutes without a request.",
        kinds.positive,
        15,
    )
    pool_size: int = _env(
        "YUNSHANG_POOL_SIZE", "Database connections that one process may hold.", kinds.positive, 8
    )
    worker_processes: int = _env(
        "YUNSHANG_WORKER_PROCESSES", "Chores that one worker does at a time.", kinds.positive, 2
    )
    trusted_proxies: str = _env(
        "YUNSHANG_TRUSTED_PROXIES",
        "Addresses or networks, by comma, whose X-Forwarded-For and -Proto headers serve believes; "
        "empty means nobody's.",
        kinds.text,
        "",
    )
    providers_file: Path | None = _env(
        "YUNSHANG_PROVIDERS_FILE",
        "TOML file with the contracts for SMS, voice, WeCom, DingTalk and mail, readable by its "
        "owner only; empty means none of them (docs/operators.md, Reaching people).",
        kinds.path,
        None,
    )
    watch_api_url: str = _env(
        "YUNSHANG_WATCH_API_URL",
        "Where watch reaches the API, e.g. https://yunshang.example.cn; empty: this host's port.",
        kinds.text,
        "",
    )
    watch_webhook_url: str = _env(
        "YUNSHANG_WATCH_WEBHOOK_URL",
        "Where watch posts its alarms, signed; empty for nowhere.",
        kinds.text,
        "",
    )
    watch_webhook_secret: str = _env(
        "YUNSHANG_WATCH_WEBHOOK_SECRET",
        "Secret that signs the watch's alarms, shared with their receiver.",
        kinds.text,
        "",
    )
    watch_smtp_url: str = _env(
        "YUNSHANG_WATCH_SMTP_URL",
        "Mail server of the watch's alarms: smtp://host:25 or smtps://user:password@host.",
        kinds.text,
        "",
    )
    watch_email_from: str = _env(
        "YUNSHANG_WATCH_EMAIL_FROM",
        "Sender of the watch's letters.",
        kinds.text,
        "yunshang@localhost",
    )
    watch_email_to: tuple[str, ...] = _env(
        "YUNSHANG_WATCH_EMAIL_TO",
        "Operators who get the watch's letters, by comma; needs YUNSHANG_WATCH_SMTP_URL.",
        kinds.addresses,
        (),
    )
    watch_clear_s: int = _env(
        "YUNSHANG_WATCH_CLEAR_S",
        "Seconds that a sign must be gone before watch takes its alarm back.",
        kinds.count,
        10,
    )
    log_format: str = _env(
        "YUNSHANG_LOG_FORMAT",
        "console for people, json for collectors.",
        kinds.log_format,
        "console",
    )
    log_level: str = _env(
        "YUNSHANG_LOG_LEVEL", "debug, info, warning or error.", kinds.log_level, "info"
    )
    demo: bool = _env(
        "YUNSHANG_DEMO",
        "1 marks an installation with synthetic data: logins are printed, drills may be started.",
        kinds.flag,
        False,
    )

    demo_history_days: int = _env(
        "YUNSHANG_DEMO_HISTORY_DAYS",
        "How many days of closed cases the demo region begins with; 0 for none.",
        kinds.count,
        30,
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a variable has a value of the wrong kind, or the name of a
                YUNSHANG_ variable is unknown (a typing mistake that would otherwise be silent).
        """
        known = {entry.metadata["env"] for entry in fields(cls)}
        for name in environ:
            if name.startswith("YUNSHANG_") and name not in known:
                raise SettingsError(f"{name} is not a setting of Yunshang; see docs/operators.md")
        values = {}
        for entry in fields(cls):
            raw = environ.get(entry.metadata["env"], "")
            if raw.strip():
                values[entry.name] = _parse(entry, raw)
        return cls(**values)

    def need(self, *names: str) -> "Settings":
        """Return self when every named field is set; say which variable is missing otherwise."""
        missing = [variable(name) for name in names if not getattr(self, name)]
        if missing:
            raise SettingsError(f"set {', '.join(missing)}; docs/operators.md says how")
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Exact Origin headers that are accepted on writes and on sockets."""
        if self.public_origins:
            return frozenset(self.public_origins)
        return frozenset(f"http://{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    @property
    def gateway_url(self) -> str:
        """Where browsers and devices reach the gateway, without a trailing slash."""
        return (self.gateway_public_url or f"ws://127.0.0.1:{self.gateway_port}").rstrip("/")

    @property
    def key_file(self) -> Path:
        """The master key's place; demo falls back to the data directory."""
        if self.secret_key_file is not None:
            return self.secret_key_file
        if self.demo:
            return self.data_dir / "secret.key"
        raise SettingsError("set YUNSHANG_SECRET_KEY_FILE; docs/operators.md says how to make one")

    @property
    def checkpoints(self) -> Path:
        """The append-only checkpoint file."""
        return self.checkpoint_file or self.data_dir / "checkpoints.jsonl"

    @property
    def attachments(self) -> Path:
        """The directory of sealed attachments."""
        return self.attachment_dir or self.data_dir / "attachments"

    @property
    def recordings(self) -> Path:
        """The directory of sealed recordings."""
        return self.recording_dir or self.data_dir / "recordings"

    def to_env(self) -> dict[str, str]:
        """The variables that make `from_env` build the same settings in a child process."""
        result = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value not in (None, "", ()):
                result[entry.metadata["env"]] = _render(value)
        return result


def variable(name: str) -> str:
    """The environment variable that sets the field `name`."""
    found = {entry.name: str(entry.metadata["env"]) for entry in fields(Settings)}
    return found[name]


def _parse(entry: "Field[Any]", raw: str) -> Any:
    try:
        return entry.metadata["parse"](raw)
    except ValueError as error:
        raise SettingsError(f"{entry.metadata['env']}={raw!r}: {error}") from error


def _render(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)
