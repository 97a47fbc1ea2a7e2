"""Makes the channels that an installation has contracts for."""

from duty.notify.channels.aliyun import Aliyun, AliyunKey
from duty.notify.channels.channel import Channel
from duty.notify.channels.dingtalk import DingTalkApp, DingTalkRobot
from duty.notify.channels.email import EmailChannel, SmtpServer
from duty.notify.channels.guarded import EndpointRules
from duty.notify.channels.line import Line
from duty.notify.channels.sms import SmsChannel, SmsProvider
from duty.notify.channels.sms_aliyun import VERSION as ALIYUN_SMS
from duty.notify.channels.sms_aliyun import AliyunSms
from duty.notify.channels.sms_tencent import TencentSms
from duty.notify.channels.voice_aliyun import VoiceChannel
from duty.notify.channels.web_push import Prepare, WebPushChannel
from duty.notify.channels.webhook import WebhookChannel
from duty.notify.channels.wecom import WeComApp, WeComRobot
from duty.notify.providers.file import Providers, Sms, Voice
from duty.notify.providers.limits import Limits, limits_of
from kernel.clock import Clock

ALIYUN_VOICE = "2017-05-25"


def build_channels(
    providers: Providers,
    clock: Clock,
    *,
    prepare_push: Prepare | None = None,
    rules: EndpointRules | None = None,
) -> dict[str, Channel]:
    """One channel per contract; webhooks need none. `rules` judge addresses that users typed in."""
    limits = limits_of(providers)

    def line(name: str, base_url: str) -> Line:
        return Line(base_url, timeout_s=limits[name].timeout_s, connections=limits[name].at_once)

    made: list[Channel] = [
        WebhookChannel(clock, rules=rules, timeout_s=limits["webhook"].timeout_s)
    ]
    if prepare_push is not None:
        timeout_s = limits["web_push"].timeout_s
        made.append(WebPushChannel(prepare_push, rules=rules, timeout_s=timeout_s))
    if providers.sms is not None:
        made.append(SmsChannel(_sms(providers.sms, limits["sms"], clock)))
    if providers.voice is not None:
        made.append(_voice(providers.voice, line("voice", providers.voice.base_url), clock))
    if (wecom := providers.wecom_app) is not None:
        made.append(
            WeComApp(
                line("wecom_app", wecom.base_url),
                clock,
                corp_id=wecom.corp_id,
                secret=wecom.secret,
                agent_id=wecom.agent_id,
            )
        )
    if (robots := providers.wecom_robot) is not None:
        made.append(WeComRobot(line("wecom_robot", robots.base_url)))
    if (dingtalk := providers.dingtalk_app) is not None:
        made.append(
            DingTalkApp(
                line("dingtalk_app", dingtalk.base_url),
                clock,
                app_key=dingtalk.app_key,
                app_secret=dingtalk.app_secret,
                agent_id=dingtalk.agent_id,
            )
        )
    if (groups := providers.dingtalk_robot) is not None:
        made.append(DingTalkRobot(line("dingtalk_robot", groups.base_url), clock))
    if (email := providers.email) is not None:
        server = SmtpServer(
            email.host,
            email.port,
            email.sender,
            email.tls,
            email.username,
            email.password,
            limits["email"].timeout_s,
        )
        made.append(EmailChannel(server, clock))
    return {channel.name: channel for channel in made}


def _sms(contract: Sms, limits: Limits, clock: Clock) -> list[SmsProvider]:
    def line(base_url: str) -> Line:
        return Line(base_url, timeout_s=limits.timeout_s, connections=limits.at_once)

    made: list[SmsProvider] = []
    for name in contract.order:
        if name == "aliyun" and (aliyun := contract.aliyun) is not None:
            key = AliyunKey(aliyun.access_key_id, aliyun.access_key_secret)
            caller = Aliyun(line(aliyun.base_url), key, ALIYUN_SMS, clock)
            made.append(
                AliyunSms(
                    caller,
                    clock,
                    aliyun.sign_name,
                    aliyun.templates.by_purpose(),
                    contract.with_link,
                )
            )
        if name == "tencent" and (tencent := contract.tencent) is not None:
            made.append(
                TencentSms(
                    line(tencent.base_url),
                    clock,
                    tencent.secret_id,
                    tencent.secret_key,
                    tencent.sdk_app_id,
                    tencent.sign_name,
                    tencent.region,
                    tencent.templates.by_purpose(),
                    contract.with_link,
                )
            )
    return made


def _voice(contract: Voice, line: Line, clock: Clock) -> VoiceChannel:
    key = AliyunKey(contract.access_key_id, contract.access_key_secret)
    keys = {"1": contract.keys.accept, "2": contract.keys.decline, "3": contract.keys.next}
    return VoiceChannel(
        Aliyun(line, key, ALIYUN_VOICE, clock),
        contract.show_number,
        contract.templates.by_purpose(),
        keys,
        contract.bye,
    )
