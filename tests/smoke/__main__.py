"""Boot, one emergency, figures, stop. The last line is one JSON object."""

import asyncio
import json
import math
import statistics
import time
from collections.abc import Sequence

from server.demo.devices import token
from server.keyfile import master_key
from server.settings import Settings
from tests.smoke import emergency
from tests.smoke.emergency import Times
from tests.smoke.instance import Instance
from tests.smoke.person import Json, Person
from tests.smoke.watch import Watch, eventually, monitor, send, watch
from tests.telling import say

REQUESTS = 7
"""Cases sent for the median; the last one goes the whole road."""

CTG_SECONDS = 12
SERIAL = "SN-LJ001-2"


def p99(values: Sequence[float]) -> float:
    """The 99th percentile, nearest rank."""
    ranked = sorted(values)
    return ranked[math.ceil(len(ranked) * 0.99) - 1]


async def drive(instance: Instance) -> Json:
    """Everything that goes through the public API; the figures."""
    doctor = await Person(instance.url, "lj001.doctor").log_in()
    expert = await Person(instance.url, "yj001.expert").log_in()
    await doctor.listen()
    await expert.listen()
    times = Times()
    ctg = asyncio.create_task(stream_ctg(instance, doctor))
    for number in range(REQUESTS):
        pregnancy = await emergency.register(doctor, number)
        case = await emergency.request(doctor, expert, pregnancy, times)
        await emergency.acknowledge(doctor, expert, case, times)
    say(f"  paged and acknowledged {REQUESTS} times")
    closed = await emergency.travel(doctor, expert, case["id"])
    say(f"  case {closed['number']} is {closed['state']}")
    figures = await ctg
    figures |= {
        "request_to_page_ms": round(statistics.median(times.request_to_page), 1),
        "ack_to_sender_ms": round(statistics.median(times.ack_to_sender), 1),
        "indicator_request_to_accept_s": await indicator(doctor),
    }
    await doctor.leave()
    await expert.leave()
    return figures


async def stream_ctg(instance: Instance, doctor: Person) -> Json:
    """One monitor for a few seconds, watched by the doctor; acknowledged and stored must agree."""
    settings = Settings.from_env({**instance.environ, "YUNSHANG_DEMO": "1"})
    one = monitor(SERIAL, CTG_SECONDS)
    bearer = token(master_key(settings), "LJ001")
    sending = asyncio.create_task(send(instance.gateway_url, bearer, one))
    await asyncio.sleep(1.5)  # the recording must be open before it can be asked for
    seen = Watch()
    watching = asyncio.create_task(watch(instance.gateway_url, doctor, str(one.recording), seen))
    report = await sending
    await eventually(CTG_SECONDS, seen, 5)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    stored = await doctor.get(
        f"/api/ctg/recordings/{one.recording}/frames", from_seq=1, to_seq=CTG_SECONDS
    )
    say(f"  CTG: {report.frames_acked} seconds acknowledged, {len(stored) // 80} stored")
    return {
        "ctg_sample_to_viewer_p99_ms": round(p99(seen.late_ms), 1),
        "ctg_frames_acked": report.frames_acked,
        "ctg_frames_stored": len(stored) // 80,
    }


async def indicator(doctor: Person) -> float:
    """The median of request → accept in seconds, as the quality page shows it."""
    found = await doctor.get("/api/indicators/request_to_accept")
    spread = found["indicator"]["value"]["distribution"]
    if spread["n"] != 1:
        raise AssertionError(f"one case was accepted, the indicator counts {spread['n']}")
    say(f"  indicator request_to_accept: P50 {spread['p50_s']:.2f} s, n={spread['n']}")
    return round(float(spread["p50_s"]), 2)


def verify(instance: Instance) -> str:
    """`yunshang verify` on this instance, services still running."""
    result = instance.run("verify")
    if result.returncode != 0:
        say(result.stdout + result.stderr)
        return "broken"
    return "ok"


def main() -> int:
    """Run; 0 if everything held."""
    began = time.monotonic()
    with Instance() as instance:
        say(f"  up after {time.monotonic() - began:.1f} s at {instance.url}")
        figures = asyncio.run(drive(instance))
        chain = verify(instance)
    good = chain == "ok" and figures["ctg_frames_acked"] == figures["ctg_frames_stored"]
    result = {
        "smoke": "ok" if good else "failed",
        **figures,
        "chain": chain,
        "seconds": round(time.monotonic() - began, 1),
    }
    say(json.dumps(result))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
