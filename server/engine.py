"""The engine: everything that must happen although nobody is asking.

Each duty is a loop of its own; one that fails is logged and starts again, the others go on. Two or
more engines may run: rows are claimed with SKIP LOCKED, so who does the work is decided by
PostgreSQL.
"""

import asyncio
from functools import partial

from consult.guidance.timers import run_due as mind_guidance
from consult.requests.timers import run_due as mind_consults
from consult.training.timers import run_due as mind_classes
from duty.changes import rulebook
from duty.changes.fairness import weighing
from duty.changes.handover.timers import run_due as run_due_handovers
from duty.changes.timers import run_due as run_due_changes
from duty.drills.service import WAKE_CHANNEL as DRILL
from duty.drills.timers import run_due as run_drills
from duty.escalation.engine import EscalationEngine
from duty.escalation.service import WAKE_CHANNEL as ESCALATION
from duty.notify.contacts.repository import WAKE_CHANNEL as CONTACT
from duty.notify.contacts.sending import ContactSender
from duty.notify.contacts.timers import run_due as check_contacts
from duty.notify.outgoing import WAKE_CHANNEL as MESSAGE
from duty.rosters import gaps, holidays
from duty.watch import given_up
from kernel.chain.checkpoint import EVERY_SECONDS, ChainCheckpointer, CheckpointFile
from kernel.chain.signing import Signer
from kernel.clock import Clock
from kernel.database import Database
from kernel.database_clock import DatabaseClock, ask
from kernel.outbox import WAKE_CHANNEL as OUTBOX
from kernel.relay import Relay
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from kernel.wake import Listener
from quality import cell_keeping, facts
from quality.actions.timers import run_due as remind_of_actions
from quality.handbook import versions as indicators
from quality.obligations.timers import run_due as remind_of_obligations
from quality.reviews.timers import run_due as remind_of_case_reviews
from quality.rounds.timers import run_due as mind_assessments
from quality.rulebook import versions as region_rules
from realtime.alarms import limitbook as alarm_limits
from realtime.alarms.timers import run_due as mind_alarms
from realtime.readings.limits import book as reading_limits
from realtime.readings.timers import run_due as mind_readings
from referral.aftermath.timers import run_due as remind_of_reviews
from referral.casefiles.timers import run_due_files
from referral.clocks.ladder import run_due as climb_due
from referral.links.purge import forget_positions
from referral.timers import run_due
from server.duties import Duty, keep_all, learning, once
from server.keyfile import master_key
from server.media import RoomKeeping
from server.sending import open_sending
from server.settings import Settings
from server.subscriptions import Subscriptions


class Pulse:
    """What the engine says of itself with every heartbeat."""

    def __init__(self) -> None:
        self.listener: Listener | None = None

    def detail(self) -> dict[str, object]:
        """Whether NOTIFY is heard; nothing before the engine listens for the first time."""
        return {} if self.listener is None else {"listening": self.listener.connected}


async def run(settings: Settings, pulse: Pulse | None = None) -> None:
    """The `engine` process, until cancelled."""
    from server.worker import celery

    clock = DatabaseClock()
    url = settings.system_database_url
    database = Database(url, name="engine", pool_size=settings.pool_size)
    # Paging waits behind no chore: its connections are its own.
    paging = Database(url, name="engine-paging", pool_size=settings.pool_size)
    subscriptions = Subscriptions(
        database,
        clock,
        settings.valkey_url,
        celery,
        Sealer(master_key(settings)),
        demo=settings.demo,
    )
    escalation = EscalationEngine(paging, clock)
    wakes = {name: asyncio.Event() for name in (OUTBOX, ESCALATION, MESSAGE, CONTACT, DRILL)}
    sending = open_sending(settings, paging, clock, wakes[MESSAGE], subscriptions.hand_to_worker)
    contacts = ContactSender(
        database, sending.channels.links.sealer, sending.channels.by_name, sending.channels.links
    )
    rooms = RoomKeeping(settings, database, clock)
    urgent = [
        learning(database, clock),
        Duty("relay", Relay(database, subscriptions.handlers()).run_once, 0.5, wakes[OUTBOX]),
        Duty("escalation", escalation.run_once, 0.5, wakes[ESCALATION]),
        *sending.duties(),
    ]
    chores = [
        Duty("codes and tests", contacts.run_once, 2.0, wakes[CONTACT]),
        Duty("drills", partial(run_drills, database, clock), 1.0, wakes[DRILL]),
        Duty("rooms", rooms.keeper.run_once, 2.0),
        Duty("recordings", rooms.recordings.run_once, 5.0),
        Duty("seats", rooms.classes.run_once, 5.0),
        Duty("checkpoint", _checkpointer(settings, database).run_once, EVERY_SECONDS),
    ]
    listener = Listener(
        settings.system_database_url, tuple(wakes), lambda channel, _: wakes[channel].set()
    )
    try:
        if pulse is not None:
            pulse.listener = listener
        await once("policies", escalation.install_policies)
        await keep_all(
            urgent, listener.run(), rooms.keeper.listen(), _when_installed(database, clock, chores)
        )
    finally:
        await rooms.close()
        await sending.close()
        await subscriptions.close()
        await paging.close()
        await database.close()


def _timers(database: Database, clock: Clock) -> list[Duty]:
    """What comes due by itself."""
    return [
        Duty("contact points", partial(check_contacts, database, clock), 60.0),
        Duty("timers", partial(run_due, database, clock), 1.0),
        Duty("case files", partial(run_due_files, database, clock), 5.0),
        Duty("reviews", partial(remind_of_reviews, database, clock), 30.0),
        Duty("case reviews", partial(remind_of_case_reviews, database, clock), 60.0),
        Duty("given up", partial(given_up.tell, database, clock), 10.0),
        Duty("roster gaps", partial(gaps.watch, database, clock), 60.0),
        Duty("positions", partial(forget_positions, database, clock), 3600.0),
        Duty("handovers", partial(run_due_handovers, database, clock), 10.0),
        Duty("roster changes", partial(run_due_changes, database, clock), 5.0),
        Duty("clocks", partial(climb_due, database, clock), 1.0),
        Duty("tracings' alarms", partial(mind_alarms, database, clock, clock.now()), 1.0),
        Duty("readings", partial(mind_readings, database, clock), 1.0),
        Duty("consultations", partial(mind_consults, database, clock), 1.0),
        Duty("assessments", partial(mind_assessments, database, clock), 60.0),
        Duty("guidance", partial(mind_guidance, database, clock), 60.0),
        Duty("classes", partial(mind_classes, database, clock), 60.0),
        Duty("facts", partial(facts.keep_up, database), 1.0),
        Duty("cells", partial(cell_keeping.keep_up, database), 5.0),
        Duty("facts set aside", partial(facts.try_again, database), 600.0),
        Duty("obligations", partial(remind_of_obligations, database, clock), 600.0),
        Duty("actions", partial(remind_of_actions, database, clock), 600.0),
    ]


async def _when_installed(database: Database, clock: DatabaseClock, chores: list[Duty]) -> None:
    """Keep what needs the rules of this release and the time; paging does not wait for them."""
    await once("rules", partial(_install_shipped, database))
    await once("time", partial(ask, database, clock))
    await keep_all([*chores, *_timers(database, clock)])


async def _install_shipped(database: Database) -> None:
    """The rules of this release; versions already there stay as they are."""
    async with database.session(Viewer.system("engine")) as session:
        for rules in (
            holidays, rulebook, weighing, alarm_limits, reading_limits, indicators, region_rules,
        ):  # fmt: skip
            await rules.install_shipped(session)


def _checkpointer(settings: Settings, database: Database) -> ChainCheckpointer:
    signer = Signer.load_or_create(settings.data_dir)
    return ChainCheckpointer(database, signer, CheckpointFile(settings.checkpoints))
