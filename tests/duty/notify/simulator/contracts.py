"""Contracts with the simulator, on free ports of this machine."""

from typing import Any

import msgspec

from duty.notify.providers.file import Providers
from tests.fixtures.ports import free_port

SECRET = "a secret part of the path"
PATIENT_S = 6.0
"""Far above what an answer takes on a busy machine: what is sent must be seen to be sent."""
IMPATIENT_S = 0.4
"""For a simulator that never answers: the outcome is the same however long one waits."""


def document(
    port: int, smtp_port: int, target: str = "http://127.0.0.1:9", timeout_s: float = PATIENT_S
) -> dict[str, Any]:
    """Every section of the providers file, pointing at the simulator."""
    base = f"http://127.0.0.1:{port}"
    templates = {name: f"T_{name}" for name in ("page", "drill", "test", "verify")}
    key = {"access_key_id": "LTAI-simulated", "access_key_secret": "an access key secret"}
    return {
        "public_url": "http://127.0.0.1:8000",
        "callbacks": {"secret": SECRET},
        "sms": {
            "order": ["aliyun", "tencent"],
            "aliyun": {**key, "sign_name": "云上妇幼", "templates": templates, "base_url": base},
            "tencent": {
                "secret_id": "AKID-simulated",
                "secret_key": "a secret key",
                "sdk_app_id": "1400000000",
                "sign_name": "云上妇幼",
                "templates": templates,
                "base_url": base,
            },
        },
        "voice": {
            **key,
            "show_number": "057100000000",
            "templates": templates,
            "keys": {"accept": "T_1", "decline": "T_2", "next": "T_3"},
            "base_url": base,
        },
        "wecom_app": {"corp_id": "ww1", "secret": "app secret", "agent_id": 1, "base_url": base},
        "wecom_robot": {"base_url": base},
        "dingtalk_app": {
            "app_key": "ding1",
            "app_secret": "app secret",
            "agent_id": 2,
            "base_url": base,
        },
        "dingtalk_robot": {"base_url": base},
        "email": {
            "host": "127.0.0.1",
            "port": smtp_port,
            "tls": "none",
            "sender": "duty@yunshang.example.cn",
            "username": "duty",
            "password": "a mail password",
        },
        "channels": {
            name: {"timeout_s": timeout_s}
            for name in [
                *("sms", "voice", "wecom_app", "wecom_robot"),
                *("dingtalk_app", "dingtalk_robot", "email", "webhook"),
            ]
        },
        "simulator": {"port": port, "smtp_port": smtp_port, "target": target},
    }


def contracts(changes: dict[str, Any] | None = None, target: str = "http://127.0.0.1:9") -> Any:
    """The document as the platform reads it; `changes` replace sections."""
    made = document(free_port(), free_port(), target) | (changes or {})
    return msgspec.convert(made, Providers)
