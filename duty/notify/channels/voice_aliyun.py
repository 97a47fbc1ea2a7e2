"""Aliyun voice (dyvmsapi, version 2017-05-25): a call that is answered with the keypad.

`IvrCall` reads the page aloud and offers 1 接听 / 2 拒绝 / 3 转下一位; the key comes back in the
call's reports (`VoiceCallReport` while it lasts, `VoiceReport` at its end). A verification code is
read by `SingleCallByTts`, which asks for no key. Public documentation: help.aliyun.com, VMS.
One called number takes 1 call a minute, 5 an hour, 20 a day unless the contract says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from duty.notify.channels.aliyun import Aliyun
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.channels.sms import VARIABLES
from duty.notify.channels.sms_aliyun import named
from duty.notify.channels.texts import words

KEY_TIMEOUT_MS = 10_000
PLAY_TIMES = 3


@dataclass(frozen=True, slots=True)
class VoiceChannel:
    """Calls from one number, reading approved templates.

    `keys` names the template that is played after each key; keys without one are not offered.
    """

    aliyun: Aliyun
    show_number: str
    templates: Mapping[Purpose, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    bye: str = ""
    name: str = "voice"

    async def close(self) -> None:
        """Close all connections."""
        await self.aliyun.close()

    async def send(self, message: Outgoing) -> Outcome:
        """Start the call. `Sent` means that it is being placed, not that anybody answered."""
        template = self.templates.get(message.purpose)
        if not template:
            return Failed("no_template", again=False)
        said = words(message).variables
        values = {name: said[name] for name in VARIABLES[message.purpose]}
        spoken = msgspec.json.encode(values).decode() if values else ""
        params = {
            "CalledShowNumber": self.show_number,
            "CalledNumber": message.address,
            "PlayTimes": str(PLAY_TIMES),
            "OutId": str(message.id),
        }
        if message.purpose == Purpose.VERIFY:
            action = "SingleCallByTts"
            params |= {"TtsCode": template, "TtsParam": spoken}
        else:
            action = "IvrCall"
            params |= {"StartCode": template, "Timeout": str(KEY_TIMEOUT_MS)} | self._menu()
            if spoken:
                params["StartTtsParams"] = spoken
        answer = await self.aliyun.call(action, params)
        if isinstance(answer, Failed | InDoubt):
            return answer
        return Sent(named("aliyun", answer.get("CallId")))

    def _menu(self) -> dict[str, str]:
        menu: dict[str, str] = {"ByeCode": self.bye} if self.bye else {}
        for number, (key, code) in enumerate(sorted(self.keys.items()), 1):
            menu[f"MenuKeyMap.{number}.Key"] = key
            menu[f"MenuKeyMap.{number}.Code"] = code
        return menu
