/** A bleeding woman's case for tests and nothing else. */
import type { CaseAction, Offer, Referral } from '@/api/case'
import type { CaseClock } from '@/api/course'
import type { Page } from '@/api/types'

const county = { id: 'f1', name: '云江县妇幼保健院', short_name: '云江县妇保', tier: 'county' }
const city = { id: 'f2', name: '青河市第一人民医院', short_name: '市一院', tier: 'city' }
const doctor = { id: 'p1', name: '顾听澜', title: '主治医师', specialty: 'obstetrics', facility_id: 'f1' }
const reach = { queued: 0, sent: 0, delivered: 0, seen: 1, acknowledged: 0, declined: 0, spared: 0, unreachable: 1 }

export function anAction(name: string, over: Partial<CaseAction> = {}): CaseAction {
  const [machine, action] = name.split('.') as [CaseAction['machine'], string]
  const target = machine === 'referral' ? 'c1' : `${machine}1`
  return {
    machine, action, target_id: target, path: `/api/${machine}s/${target}/actions/${action}`,
    version: 4, number: 5, primary: false, danger: false, needs: [], ...over,
  }
}

export function anOffer(over: Partial<Offer> = {}): Offer {
  return {
    id: 'offer1', facility: city, state: 'acknowledged', purpose: 'transfer', designated: true, hop: 0, from_offer_id: null,
    neonatal: 'not_needed', neonatal_note: null, after_stabilising: false, conditions: null, bed: null, no_bed_accept_to: null,
    offered_at: '2026-11-22T03:01:00Z', delivered_at: null, acknowledged_at: '2026-11-22T03:02:00Z', acknowledged_by: null,
    answered_at: null, answered_by: null, decision_due_at: null, decision_paused_until: null, decline_code: null,
    decline_note: null, supervisor: null, remote_advice: null, onward: null, redirect_reason: null, withdrawn_at: null,
    withdrawn_reason: null, withdrawal_acknowledged_at: null, questions: [], page_id: null, ...over,
  }
}

export function aReferral(over: Partial<Referral> = {}): Referral {
  return {
    id: 'c1', number: 'R2611-00061', state: 'open', direction: 'up', acuity: 'resuscitation', condition: 'pph',
    risk_colour: 'red', purple: true, subject: 'mother', patient: { name_short: '江*澜', age: 27, gestation_days: 274 },
    origin: county, receiver: null, oldest_unanswered_at: '2026-11-22T03:01:00Z', waiting_for: 'decision', reach,
    eta: null, sent_at: '2026-11-22T03:01:00Z', created_at: '2026-11-22T03:00:00Z', version: 4, drill: true, demo: true,
    my_side: 'receiver', to_act: true, consent: 'emergency_waiver', needs_neonatal: false, cots_needed: 1,
    allowed: [
      anAction('offer.accept', { primary: true, needs: ['bed|no_bed_accept_to'] }),
      anAction('offer.ask', { needs: ['question'] }),
      anAction('offer.decline', { danger: true, needs: ['code'] }),
    ],
    snapshot: {
      taken_at: '2026-11-22T03:01:00Z', situation: '产后出血 抢救', condition: 'pph', acuity: 'resuscitation', subject: 'mother',
      reason: '宫缩乏力', vitals: { sbp: 82, dbp: 48, hr: 132 }, age: 27, gestation_days: 274, gravida: 2, para: 1, plurality: 1,
      risk_colour: 'red', purple: true, needs_neonatal: false, consent: 'emergency_waiver', origin: county.name, sent_by: '顾听澜', requests: [],
    },
    record: { blood_group: 'O', fetus: 'not_applicable' }, missing: ['allergies'], lacking: [], offers: [anOffer()], legs: [], holds: [],
    notes: [{ id: 'n1', at: '2026-11-22T03:03:00Z', by: doctor, text: '血库只有 O 型 4U' }], pregnancy: null, newborns: [],
    created_by: doctor, remote_lead: null, guidance: null, ending: null, replaces_id: null, replaced_by_ids: [], plan: null,
    committed_at: null, ...over,
  }
}

export function aPage(over: Partial<Page> = {}): Page {
  return {
    id: 'page1', case_id: 'c1', facility: city, sender: county, reason: 'referral.offered', level: 'resuscitation', title: 'R2611-00061', mode: 'first',
    state: 'running', step: 0, next_step_at: null, created_at: '2026-11-22T03:01:00Z', acknowledged_by: null, end_reason: null,
    from_facility_id: 'f1', join_by: null, joined_at: null, drill: false, colour: 'red', condition: 'pph', needs: [],
    policy: { id: 'x', source: '平台默认', confidence: '待核实' },
    targets: [{
      person: { id: 'p2', name: '杜静禾', title: '主任医师' }, facility: city, step: 0, tier: 'second', specialty: 'obstetrics', state: 'seen',
      states: { sent_at: null, delivered_at: null, seen_at: '2026-11-22T03:02:00Z', acknowledged_at: null, declined_at: null },
      channels: [], decline_reason: null, joined_at: null, stood_down_at: null,
    }],
    ...over,
  }
}

export function aClock(over: Partial<CaseClock> = {}): CaseClock {
  return {
    case_id: 'c1', server_time: '2026-11-22T03:05:00Z', ended: false, drill: false, demo: false, may_act: true,
    milestones: [], sets: [], clocks: [], prompts: [], ...over,
  }
}
