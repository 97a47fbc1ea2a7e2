/** Changes for tests and nothing else. */
import type { Change, ChangeShift } from './types'

export function aShift(over: Partial<ChangeShift> = {}): ChangeShift {
  return { shift_id: 's1', slot_id: 'p1', group: '专家组', specialty: 'obstetrics', tier: 'first', from: '2026-11-27T00:00:00Z', to: '2026-11-28T00:00:00Z', ...over }
}

export function aChange(over: Partial<Change> = {}): Change {
  const ann = { id: 'ann', name: '林晓岚', title: '主任医师' }
  const bea = { id: 'bea', name: '苏云舒', title: '副主任医师' }
  return {
    id: 'c1',
    kind: 'swap',
    state: 'proposed',
    rev: 1,
    requested_by: ann,
    requested_at: '2026-11-26T01:00:00Z',
    holder: ann,
    reason: 'family',
    note: null,
    shift: aShift(),
    options: [{ no: 1, person: bea, shift: aShift({ shift_id: 's2' }), answer: 'waiting', answered_at: null }],
    taken_option: null,
    expires_at: '2026-11-26T22:00:00Z',
    approve_by: null,
    overdue: false,
    decided_by: null,
    decided_at: null,
    actions: [],
    rule: { preauthorised: [], source: 'test', confidence: '待核实' },
    events: [],
    ...over,
  }
}
