/** A small roster for tests and nothing else. */
import { DAY_MS, dayStart, iso } from './days'
import type { PlanOut, PlanSummary, RosterCalendar, RosterPerson, Shift } from './types'

export const LIN: RosterPerson = { id: 'p1', name: '林晓岚', title: '副主任医师' }
export const ZHOU: RosterPerson = { id: 'p2', name: '周宁', title: '主治医师' }

export function aShift(over: Partial<Shift> = {}, date = '2027-02-05', days = 1): Shift {
  const start = dayStart(date)
  return { id: `h-${date}`, slot_id: 's1', person: LIN, from: iso(start), to: iso(start + days * DAY_MS), origin: 'plan', plan_id: null, draft: false, ...over }
}

export function aCalendar(over: Partial<RosterCalendar> = {}): RosterCalendar {
  return {
    facility_id: 'f1',
    from: iso(dayStart('2027-02-01')),
    to: iso(dayStart('2027-03-01')),
    as_known_at: null,
    server_time: '2027-01-20T00:00:00Z',
    groups: [
      {
        id: 'g1',
        code: 'rescue',
        name: '急救专家组',
        slots: [
          { id: 's1', specialty: 'obstetrics', tier: 'first', min_title: null, required: true, exclusive: true, qualification: null },
          { id: 's2', specialty: 'obstetrics', tier: 'second', min_title: '副主任医师', required: true, exclusive: true, qualification: null },
        ],
      },
    ],
    shifts: [aShift(), aShift({ id: 'h2', slot_id: 's2', person: ZHOU })],
    gaps: [],
    clashes: [],
    leave: [],
    days: Array.from({ length: 28 }, (_, at) => {
      const date = `2027-02-${String(at + 1).padStart(2, '0')}`
      return { date, kind: at === 4 ? 'holiday' : at === 13 ? 'adjusted_workday' : 'workday', name: at === 4 ? '春节' : null, known: true } as const
    }),
    ...over,
  }
}

export function aPlan(over: Partial<PlanSummary> = {}): PlanSummary {
  return {
    id: 'plan1',
    facility_id: 'f1',
    group_id: 'g1',
    kind: 'regular',
    name: '2027年2月值班表',
    from: iso(dayStart('2027-02-01')),
    to: iso(dayStart('2027-03-01')),
    state: 'draft',
    version: 3,
    drafted_by: ZHOU,
    submitted_by: null,
    approved_by: null,
    recorded_at: '2027-01-20T00:00:00Z',
    returned: null,
    actions: ['submit', 'discard'],
    ...over,
  }
}

export function aPlanOut(over: Partial<PlanSummary> = {}, findings: PlanOut['findings'] = []): PlanOut {
  return { plan: aPlan(over), content_hash: 'ab'.repeat(32), findings, history: [{ action: 'draft', person: ZHOU, at: '2027-01-20T00:00:00Z', reason: null }] }
}
