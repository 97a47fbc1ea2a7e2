/** An alarm as the server says it, for tests. */
import type { Alarm, Limits } from './types'

export const LIMITS: Limits = {
  low_bpm: 110, low_delay_s: 30, high_bpm: 160, high_delay_s: 60, loss_delay_s: 60, together_bpm: 5,
  maternal_delay_s: 5, same_fetus_delay_s: 30, silent_s: 10, offline_s: 15, remind_s: 180, escalate_s: 120, silence_max_s: 180,
}

export function alarm(more: Partial<Alarm> = {}): Alarm {
  return {
    id: 'a1', recording_id: 'r1', facility_id: 'f1', kind: 'bradycardia', channel: 1, fetus: null, priority: 'high', state: 'active', present: true,
    raised_at: '2026-11-22T03:05:00Z', onset_seq: 600, seq: 630, value_bpm: 92.5, limits: LIMITS, ceased_at: null,
    acknowledged_by: null, acknowledged_at: null, silenced_until: null, escalate_at: '2026-11-22T03:07:00Z', escalated_at: null,
    version: 1, device: 'SN-1', bed: '产房3床', unit: '', pregnancy_id: null, case_id: null, allowed: ['acknowledge', 'silence'],
    ...more,
  }
}
