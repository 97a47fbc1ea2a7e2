/** What a typed value is, before it is sent: readable, possible, unusual. The server decides. */
import type { ObservationItem } from '@/api/observations'

export type Check = 'empty' | 'ok' | 'not_a_number' | 'impossible' | 'unusual'

export function check(item: ObservationItem, typed: string): Check {
  if (typed.trim() === '') return 'empty'
  const value = Number(typed.trim())
  if (!Number.isFinite(value)) return 'not_a_number'
  if (item.plausible && (value < item.plausible[0] || value > item.plausible[1])) return 'impossible'
  if (item.caution && (value < item.caution[0] || value > item.caution[1])) return 'unusual'
  return 'ok'
}
