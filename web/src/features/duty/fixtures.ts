/** Roster entries for tests and nothing else. */
import type { DutySlot } from './types'

export function aSlot(over: Partial<DutySlot> = {}): DutySlot {
  return {
    slot_id: 's1',
    specialty: 'obstetrics',
    tier: 'first',
    required: true,
    person: { id: 'p1', name: '苏云舒', title: '主任医师', phone_masked: '199****0001' },
    shift_id: 'h1',
    until: '2026-11-22T08:00:00Z',
    reach: { online: false, signed_on: false, last_seen_at: null },
    ...over,
  }
}
