"""The box's own page: only for the box, without identities, with words for everything that is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from realtime.agent import words
from realtime.agent.page import body
from tests.realtime.agent.centre import Centre
from tests.realtime.agent.test_cuts import until
from tests.realtime.conftest import Site


@pytest.fixture
async def centre(site: Site, tmp_path: Path) -> AsyncIterator[Centre]:
    made = Centre(tmp_path, site.url, site.token)
    await made.start()
    yield made
    await made.stop()


async def facts(centre: Centre) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((await centre.page("/status.json")).partition("\r\n\r\n")[2])
    return told


async def test_it_tells_state_and_no_identity(site: Site, centre: Centre) -> None:
    await centre.say(12)
    centre.true_clock()
    link = centre.station.link.status
    await until(lambda: centre.settled and link.clock and abs(link.clock.offset_ns) < 10**9)
    now = await facts(centre)
    (monitor,) = now["monitors"]
    assert (now["level"], monitor["level"], monitor["state"]) == ("ok", "ok", "recording")
    assert (now["unsent_s"], monitor["seconds"]) == (0, 12)
    assert monitor["acked_s"] is not None
    assert monitor["rates_bpm"][0] == round(centre.told[-1][-1] / 4) or not centre.told[-1][-1]
    for path in ("/", "/now"):
        page = await centre.page(path)
        assert "记录中 <span class='en' lang='en'>Recording" in page
        assert "产房1床" in page
        assert site.token not in page
    assert (await centre.page("/", host="evil.example")).startswith("HTTP/1.1 403")
    assert (await centre.page("/../etc/passwd")).startswith("HTTP/1.1 404")


async def test_what_the_server_refuses_is_said_with_what_to_do(site: Site, centre: Centre) -> None:
    await site.fetch("UPDATE ctg_device SET serial = 'SN-9999' WHERE serial = 'SN-0001'")
    await centre.say(12)
    await until(lambda: any(line.code for line in centre.station.keeper.uplink.lines.values()))
    now = await facts(centre)
    (monitor,) = now["monitors"]
    assert (now["level"], monitor["level"]) == ("fault", "fault")
    page = await centre.page("/")
    assert "设备未登记：请在“监护设备”页登记此序列号" in page
    assert "请查看设备：产房1床" in page


async def test_hostile_names_stay_text(site: Site, centre: Centre) -> None:
    now = await facts(centre)
    now["monitors"][0] |= {"bed": "<script>1</script>", "port": "'><img>", "device": "<b>"}
    told = body(now)
    assert [tag for tag in ("<script>", "<img>", "<b>") if tag in told] == []
    assert "&lt;script&gt;1" in told


@pytest.mark.parametrize("disk", sorted(words.DISKS))
@pytest.mark.parametrize("link", sorted(words.LINKS))
def test_every_state_has_both_languages(disk: str, link: str) -> None:
    for level, said in (words.DISKS[disk], words.LINKS[link]):
        assert level in words.LEVELS
        assert said[0].isascii() is False
        assert said[1].isascii()
