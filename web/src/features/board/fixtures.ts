/** Rows for tests and nothing else. */
import type { BoardAction, BoardRow } from '@/api/board'

export function anAction(action: string, over: Partial<BoardAction> = {}): BoardAction {
  const machine = over.machine ?? 'offer'
  return {
    machine,
    target_id: 'o1',
    action,
    path: `/api/${machine}s/o1/actions/${action}`,
    version: 4,
    number: 5,
    primary: false,
    danger: false,
    needs: [],
    ...over,
  }
}

export function aRow(over: Partial<BoardRow> = {}): BoardRow {
  return {
    id: 'c1',
    number: 'YJ-261122-0001',
    state: 'open',
    direction: 'up',
    acuity: 'resuscitation',
    condition: 'pph',
    risk_colour: 'red',
    purple: false,
    subject: 'mother',
    patient: { name_short: '李**', age: 27, gestation_days: 274 },
    origin: { id: 'f1', short_name: '云江县妇保', name: '云江县妇幼保健院', tier: 'county' },
    receiver: null,
    oldest_unanswered_at: '2026-11-22T03:00:00Z',
    waiting_for: 'decision',
    reach: { queued: 0, sent: 0, delivered: 1, seen: 1, acknowledged: 0, declined: 0, spared: 0, unreachable: 1 },
    lacking: [],
    eta: null,
    sent_at: '2026-11-22T03:00:00Z',
    created_at: '2026-11-22T02:59:00Z',
    version: 4,
    drill: false,
    demo: true,
    my_side: 'receiver',
    to_act: true,
    allowed: [],
    ...over,
  }
}
