/** Short words of assessments: days left, points, methods. */
import type { Definition } from '../types'
import { inUnit } from '../words'
import type { AssessedItem, Points, Scoring, Total } from './types'

const DAY_MS = 86_400_000

/** Civil days in China from `nowMs` to `day` (YYYY-MM-DD); negative when it has passed. */
export function daysLeft(day: string, nowMs: number): number {
  const today = new Date(nowMs + 8 * 3_600_000).toISOString().slice(0, 10)
  return Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS)
}

export function today(nowMs: number, after = 0): string {
  return new Date(nowMs + 8 * 3_600_000 + after * DAY_MS).toISOString().slice(0, 10)
}

export function number(value: number): string {
  return String(Number(value.toFixed(2)))
}

/** Points of what could be scored: 13 / 21. */
export function totalText(total: Total): string {
  return `${number(total.points)} / ${number(total.of)}`
}

export function pointsText(points: Points | undefined, weight: number | null): string {
  if (points === undefined || points.points === null) return '–'
  return weight === null ? number(points.points) : `${number(points.points)} / ${number(weight)}`
}

/** Which words say a method: a band may be open at one end. */
export function methodKey(scoring: Scoring): string {
  if (scoring.method !== 'band') return `rounds.method.${scoring.method}`
  if (typeof scoring.low !== 'number') return 'rounds.method.at_most'
  return typeof scoring.high === 'number' ? 'rounds.method.band' : 'rounds.method.at_least'
}

/** The numbers of a method, in the indicator's unit. */
export function methodNumbers(scoring: Scoring, definition: Definition | null, lang: string): Record<string, string> {
  const unit = definition?.unit ?? 'cases'
  const say = (value: number | null | undefined): string => (value === null || value === undefined ? '…' : inUnit(value, unit, lang))
  if (scoring.method === 'band') return { low: say(scoring.low), high: say(scoring.high) }
  if (scoring.method === 'slope') return { zero: say(scoring.zero), full: say(scoring.full) }
  return { floor: say(scoring.floor), full: say(scoring.full) }
}

/** What an item is called. */
export function named(item: AssessedItem, lang: string): string {
  return lang === 'en' && item.name.en ? item.name.en : item.name.zh
}
