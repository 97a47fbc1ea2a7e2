/** What follows cases, for tests and nothing else. */
import type { AwaitedFeedback, DeathReview, FeedbackLists, NearMissProposal, ReviewLists } from '@/api/after'

const county = { id: 'f1', name: '云江县妇幼保健院', short_name: '云江县妇保', tier: 'county' as const }
const city = { id: 'f2', name: '青河市第一人民医院', short_name: '市一院', tier: 'city' as const }
const expert = { id: 'p2', name: '杜静禾', title: '主任医师', specialty: 'obstetrics', facility_id: 'f2' }

export function aCase(over: Partial<AwaitedFeedback['case']> = {}): AwaitedFeedback['case'] {
  return {
    id: 'c1', number: 'R2611-00061', state: 'handed_over', condition: 'pph', acuity: 'critical', name_short: '江*澜',
    origin: county, receiver: city, drill: false, demo: true, ...over,
  }
}

export function anOwed(over: Partial<AwaitedFeedback> = {}): AwaitedFeedback {
  return {
    case: aCase(), ours: true, handed_over_at: '2026-11-19T02:00:00Z', due_at: '2026-11-22T02:00:00Z', overdue: true,
    asked: [expert], reminded: 2, next_reminder_at: '2026-11-29T02:00:00Z', ...over,
  }
}

export function lists(over: Partial<FeedbackLists> = {}): FeedbackLists {
  return {
    owed: [], unread: [], limit_seconds: 259200, ruleset: '2026-11-22', to_be_verified: true, server_time: '2026-11-22T03:00:00Z', ...over,
  }
}

export function aReview(over: Partial<DeathReview> = {}): DeathReview {
  return {
    id: 'r1', case: aCase({ state: 'died' }), who: 'mother', newborn_id: null, died_at: '2026-11-19T02:00:00Z', opened_at: '2026-11-19T02:00:00Z',
    status: 'overdue', ruleset: '2026-11-25', calendar: '国务院办公厅 2026', calendar_to_be_verified: true, may_report: true,
    steps: [{
      step: 'report_county_mch', zh: '报告县（区）妇幼保健机构', en: 'Report to the county', rule_zh: '死亡后 2 日内报告', rule_en: 'Within 2 days',
      source: '通报', confidence: 'I', to_be_verified: true, due_at: '2026-11-21T02:00:00Z', reminders: 3, reported_at: null, reported_by: null,
      reported_for: null, reference: null,
    }],
    ...over,
  }
}

export function aProposal(over: Partial<NearMissProposal> = {}): NearMissProposal {
  return {
    id: 'n1', case: aCase(), ruleset: 'who-2011', source: 'WHO 2011', confidence: 'V', proposed_at: '2026-11-22T02:00:00Z', newest: true,
    criteria: [{ code: 'transfusion', system_zh: '凝血', system_en: 'Coagulation', zh: '输红细胞 ≥5 U', en: '≥5 units', values: { red_cell_units: 6 } }],
    verdict: null, reason: null, decided_at: null, decided_by: null, may_decide: true, ...over,
  }
}

export function reviews(over: Partial<ReviewLists> = {}): ReviewLists {
  return { deaths: [], near_misses: [], server_time: '2026-11-22T03:00:00Z', ...over }
}
