/** Made-up points for tests of the pages. */
import type { AnswerLink, Contacts, Point } from './types'

export function aPoint(over: Partial<Point> = {}): Point {
  return {
    id: 'point-1', channel: 'voice', label: '本人手机', hint: '199****1234', rank: 1, landline: false, standing: 'ok',
    created_at: '2026-11-01T02:00:00Z', verified_at: '2026-11-01T02:01:00Z', last_test_at: '2026-11-12T03:00:00Z',
    last_ok_at: '2026-11-12T03:01:00Z', last: null, ...over,
  }
}

export function someContacts(over: Partial<Contacts> = {}): Contacts {
  return {
    person_id: 'person-1', name: '林静禾', points: [aPoint()], no_voice: false, channels: ['voice', 'sms', 'web_push'], push_key: 'AAAA',
    wishes: [
      { channel: 'voice', delay_s: null, off: false, quiet_from: null, quiet_to: null, emergency_s: 0, routine_s: 120, floor: true },
      { channel: 'sms', delay_s: 30, off: false, quiet_from: '22:00', quiet_to: '07:00', emergency_s: 0, routine_s: 60, floor: false },
    ],
    floor: { channels: ['in_app', 'voice'], redial_every_s: 60, redial_times: 3, source: 'proposal', confidence: '待核实', version: '1' },
    rings: [
      {
        kind: 'emergency',
        rings: [
          { channel: 'in_app', point_id: null, after_s: 0, ring: 1 },
          { channel: 'voice', point_id: 'point-1', after_s: 0, ring: 1 },
          { channel: 'voice', point_id: 'point-1', after_s: 60, ring: 2 },
        ],
      },
      { kind: 'routine', rings: [{ channel: 'in_app', point_id: null, after_s: 0, ring: 1 }] },
    ],
    ...over,
  }
}

export function aLink(over: Partial<AnswerLink> = {}): AnswerLink {
  return { purpose: 'page', level: 'critical', title: 'R2611-00061', sent_at: '2026-11-22T03:01:00Z', state: 'open', ...over }
}
