"""The providers file: every contract with its keys, in one TOML file that only its owner reads.

A section that is missing is a channel that does not exist. Unknown names are refused: a typing
mistake would otherwise be a channel that silently stays away.
"""

import stat
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from duty.notify.channels.channel import Purpose

Text = Annotated[str, Meta(min_length=1, max_length=400)]
Secret = Annotated[str, Meta(min_length=16, max_length=200)]


class ProvidersError(Exception):
    """The file cannot be used; the message says what to change."""


class Templates(Struct, frozen=True, forbid_unknown_fields=True):
    """The provider's codes of the approved templates, by purpose."""

    page: Text
    drill: str = ""
    test: str = ""
    verify: str = ""

    def by_purpose(self) -> dict[Purpose, str]:
        """The same as a mapping."""
        return {purpose: str(getattr(self, str(purpose))) for purpose in Purpose}


class AliyunSmsContract(Struct, frozen=True, forbid_unknown_fields=True):
    """Aliyun SMS."""

    access_key_id: Text
    access_key_secret: Text
    sign_name: Text
    templates: Templates
    base_url: Text = "https://dysmsapi.aliyuncs.com"


class TencentSmsContract(Struct, frozen=True, forbid_unknown_fields=True):
    """Tencent Cloud SMS."""

    secret_id: Text
    secret_key: Text
    sdk_app_id: Text
    sign_name: Text
    templates: Templates
    region: Text = "ap-guangzhou"
    base_url: Text = "https://sms.tencentcloudapi.com"


class Sms(Struct, frozen=True, forbid_unknown_fields=True):
    """SMS by one or more companies, asked in this order.

    `with_link`: the templates of pages, drills and tests end in `https://<public_url>/a/${link}`.
    """

    order: Annotated[list[Literal["aliyun", "tencent"]], Meta(min_length=1)]
    aliyun: AliyunSmsContract | None = None
    tencent: TencentSmsContract | None = None
    with_link: bool = False


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """Templates played after the keys 1 接听, 2 拒绝 and 3 转下一位."""

    accept: Text
    decline: Text
    next: Text


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """Aliyun voice calls."""

    access_key_id: Text
    access_key_secret: Text
    show_number: Text
    templates: Templates
    keys: Keys
    bye: str = ""
    base_url: Text = "https://dyvmsapi.aliyuncs.com"


class WeCom(Struct, frozen=True, forbid_unknown_fields=True):
    """A WeCom application."""

    corp_id: Text
    secret: Text
    agent_id: int
    base_url: Text = "https://qyapi.weixin.qq.com"


class WeComRobots(Struct, frozen=True, forbid_unknown_fields=True):
    """WeCom group robots; their keys are contact points."""

    base_url: Text = "https://qyapi.weixin.qq.com"


class DingTalk(Struct, frozen=True, forbid_unknown_fields=True):
    """A DingTalk application."""

    app_key: Text
    app_secret: Text
    agent_id: int
    base_url: Text = "https://oapi.dingtalk.com"


class DingTalkRobots(Struct, frozen=True, forbid_unknown_fields=True):
    """DingTalk group robots; their tokens are contact points."""

    base_url: Text = "https://oapi.dingtalk.com"


class Email(Struct, frozen=True, forbid_unknown_fields=True):
    """The SMTP server that takes our mail."""

    host: Text
    sender: Text
    port: Annotated[int, Meta(ge=1, le=65535)] = 465
    tls: Literal["tls", "starttls", "none"] = "tls"
    username: str = ""
    password: str = ""


class Callbacks(Struct, frozen=True, forbid_unknown_fields=True):
    """How providers reach us: a secret part of the path and, if given, the networks they use."""

    secret: Secret
    networks: list[str] = []


class Simulator(Struct, frozen=True, forbid_unknown_fields=True):
    """The provider simulator's ports and where it reports to; demo and tests only."""

    port: Annotated[int, Meta(ge=1, le=65535)]
    smtp_port: Annotated[int, Meta(ge=1, le=65535)]
    target: Text


class ChannelLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """What may differ by channel. Null keeps the default (limits.toml)."""

    at_once: Annotated[int, Meta(ge=1, le=500)] | None = None
    timeout_s: Annotated[float, Meta(ge=0.2, le=9)] | None = None
    receipt_within_s: Annotated[int, Meta(ge=10, le=86_400)] | None = None


class Providers(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `public_url` is where the web application is reached from outside."""

    public_url: str = ""
    callbacks: Callbacks | None = None
    sms: Sms | None = None
    voice: Voice | None = None
    wecom_app: WeCom | None = None
    wecom_robot: WeComRobots | None = None
    dingtalk_app: DingTalk | None = None
    dingtalk_robot: DingTalkRobots | None = None
    email: Email | None = None
    channels: dict[str, ChannelLimits] = {}
    simulator: Simulator | None = None


NONE = Providers()

CONTRACTS = ("sms", "voice", "wecom_app", "wecom_robot", "dingtalk_app", "dingtalk_robot", "email")
"""Channels that exist by contract, in the order in which people think of them."""


def read(path: Path | None, *, demo: bool) -> Providers:
    """The file's contents; without a file no provider is configured.

    Raises:
        ProvidersError: others may read it, it does not parse, or it says something unsafe.
    """
    if path is None:
        return NONE
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ProvidersError(f"{path} holds keys: chmod 600 {path}")
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Providers)
    except OSError as error:
        raise ProvidersError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ProvidersError(f"{path}: {error}") from error
    _check(found, path, demo=demo)
    return found


def _check(found: Providers, path: Path, *, demo: bool) -> None:
    if found.simulator is not None and not demo:
        raise ProvidersError(f"{path}: [simulator] is for the demo; real pages would reach nobody")
    for url in _urls(found):
        if urlsplit(url).scheme != "https" and found.simulator is None:
            raise ProvidersError(f"{path}: {url} must begin with https://")
    if found.email is not None and found.email.tls == "none" and found.simulator is None:
        raise ProvidersError(f'{path}: email.tls = "none" would send the password in the clear')
    if found.sms is not None:
        if found.sms.with_link and not found.public_url:
            raise ProvidersError(f"{path}: sms.with_link needs public_url")
        for name in found.sms.order:
            if getattr(found.sms, name) is None:
                raise ProvidersError(f"{path}: sms.order names {name}, but [sms.{name}] is missing")
    for network in () if found.callbacks is None else found.callbacks.networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ProvidersError(f"{path}: callbacks.networks: {error}") from error


def _urls(found: Providers) -> list[str]:
    sms = found.sms
    sections = (
        *(() if sms is None else (sms.aliyun, sms.tencent)),
        *(found.voice, found.wecom_app, found.wecom_robot),
        *(found.dingtalk_app, found.dingtalk_robot),
    )
    urls = [section.base_url for section in sections if section is not None]
    return urls + ([found.public_url] if found.public_url else [])
