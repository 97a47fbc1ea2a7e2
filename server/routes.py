"""Every router of the application, in one list."""

from litestar import Router

from consult.guidance.routes import router as guidance
from consult.imaging.routes import router as scans
from consult.requests.routes import router as consults
from consult.rooms.routes import router as rooms
from consult.routes import router as advice
from consult.telephone.routes import router as consult_calls
from consult.training.routes import router as training
from duty.changes.fairness.routes import router as fairness
from duty.changes.handover.routes import router as handovers
from duty.changes.routes import router as roster_changes
from duty.changes.terms.routes import router as roster_terms
from duty.drills.routes import router as drills
from duty.escalation.policybook.routes import router as policies
from duty.escalation.routes import router as pages
from duty.feeds.incoming.routes import router as roster_files
from duty.feeds.routes import router as roster_feeds
from duty.notify.contacts.routes import router as contacts
from duty.notify.hooks.routes import router as hooks
from duty.notify.routes import router as inbox
from duty.phones.routes import router as phones
from duty.reachability.routes import router as reachability
from duty.rosters.plans.routes import router as plans
from duty.rosters.routes import router as rosters
from duty.rosters.setup_routes import router as roster_setup
from duty.watch.routes import router as paging_health
from quality.reviews.routes import router as case_reviews
from quality.rounds.routes import router as assessments
from quality.routes import router as quality
from quality.rulebook.routes import router as region_rules
from realtime.alarms.routes import router as ctg_alarms
from realtime.readings.limits.routes import router as reading_limits
from realtime.readings.routes import router as readings
from realtime.routes import router as ctg
from realtime.sockets import router as stream
from realtime.wall.routes import router as wall
from referral.aftermath.routes import router as aftermath
from referral.casefiles.routes import router as case_files
from referral.clocks.routes import router as clocks
from referral.links.routes import router as links
from referral.routes import router as referral
from registry.facilities.routes import router as facilities
from registry.observations.devices.routes import router as devices
from registry.observations.routes import router as observations
from registry.people.routes import router as people
from registry.pregnancies.routes import router as pregnancies
from registry.resources.routes import router as resources
from registry.risk.routes import router as risk
from server.demo.routes import router as demo
from server.health import health_router
from server.paper.certificates import router as certificates
from server.paper.routes import router as documents

ROUTERS: tuple[Router, ...] = (
    health_router,
    paging_health,
    facilities,
    people,
    pregnancies,
    observations,
    devices,
    risk,
    resources,
    rosters,
    roster_changes,
    roster_terms,
    phones,
    handovers,
    fairness,
    reachability,
    roster_feeds,
    roster_files,
    plans,
    roster_setup,
    pages,
    drills,
    policies,
    inbox,
    contacts,
    hooks,
    stream,
    referral,
    case_files,
    links,
    aftermath,
    clocks,
    documents,
    advice,
    consults,
    consult_calls,
    scans,
    rooms,
    guidance,
    training,
    certificates,
    case_reviews,
    ctg,
    wall,
    ctg_alarms,
    readings,
    reading_limits,
    quality,
    assessments,
    region_rules,
    demo,
)
