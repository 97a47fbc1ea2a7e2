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

/** Whether it would be refused: the field says so before anything is sent. */
export function isWrong(item: ObservationItem, typed: string): boolean {
  return item.kind === 'number' && ['impossible', 'not_a_number'].includes(check(item, typed))
}

export interface Entry {
  code: string
  number?: number
  unit?: string
  word?: string
  taken_at?: string
}

/** As the API takes it: a number in the first of its units, else a word. */
export function entryOf(item: ObservationItem, typed: string): Entry {
  const value = typed.trim()
  if (item.kind !== 'number') return { code: item.code, word: value }
  const unit = item.units[0]?.code
  return { code: item.code, number: Number(value), ...(unit === undefined ? {} : { unit }) }
}
