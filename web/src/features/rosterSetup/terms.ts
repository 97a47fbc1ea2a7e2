/** The rule of changes as the page shows it: hours and minutes for people, seconds for the server. */
import type { DutyTerms } from '@/api/rosterSetup'

type Seconds = 'rest_s' | 'closes_before_s' | 'approve_within_s' | 'remind_after_s' | 'handover_opens_s' | 'handover_remind_s' | 'handover_alarm_s'

export interface Limit {
  key: Seconds
  unit: 'h' | 'min'
}

/** In the order of the page. */
export const LIMITS: readonly Limit[] = [
  { key: 'rest_s', unit: 'h' },
  { key: 'closes_before_s', unit: 'h' },
  { key: 'approve_within_s', unit: 'h' },
  { key: 'remind_after_s', unit: 'h' },
  { key: 'handover_opens_s', unit: 'min' },
  { key: 'handover_remind_s', unit: 'min' },
  { key: 'handover_alarm_s', unit: 'min' },
]
const SECONDS = { h: 3600, min: 60 } as const

/** What a limit says in its own unit; at most two decimals. */
export function shown(terms: DutyTerms, limit: Limit): number {
  return Math.round((terms[limit.key] / SECONDS[limit.unit]) * 100) / 100
}

/** The same limit in seconds. */
export function stored(value: number, limit: Limit): number {
  return Math.round(value * SECONDS[limit.unit])
}
