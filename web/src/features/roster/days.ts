/**
 * Duty days, without a screen. A duty day begins at the handover (08:00) and is called by the date
 * on which it begins; China has one zone and no daylight saving, so days are plain arithmetic.
 */
export const DAY_MS = 86_400_000
const CHINA_MS = 8 * 3_600_000
const HANDOVER_MS = 8 * 3_600_000

/** `2027-02-05` in China for a moment. */
export function localDate(at: number): string {
  return new Date(at + CHINA_MS).toISOString().slice(0, 10)
}

/** The duty day to which a moment belongs: 03:00 is still the night of the day before. */
export function dutyDate(at: number): string {
  return localDate(at - HANDOVER_MS)
}

/** When a duty day begins, in milliseconds. */
export function dayStart(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) - CHINA_MS + HANDOVER_MS
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Monday 1 to Sunday 7. */
export function weekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7
}

export function daysBetween(first: string, last: string): string[] {
  const found: string[] = []
  for (let day = first; day < last; day = addDays(day, 1)) found.push(day)
  return found
}

export type View = 'month' | 'week' | 'list'

/** First duty day shown and the one after the last. */
export function windowOf(view: View, date: string): { first: string; last: string } {
  if (view === 'week') {
    const monday = addDays(date, 1 - weekday(date))
    return { first: monday, last: addDays(monday, 7) }
  }
  const first = `${date.slice(0, 7)}-01`
  return { first, last: `${addDays(first, 31).slice(0, 7)}-01` }
}

/** The same view one step back or on. */
export function step(view: View, date: string, by: 1 | -1): string {
  if (view === 'week') return addDays(date, 7 * by)
  const first = `${date.slice(0, 7)}-01`
  return by === 1 ? `${addDays(first, 31).slice(0, 7)}-01` : `${addDays(first, -1).slice(0, 7)}-01`
}

/** `08:00` in China. */
export function clock(at: number): string {
  return new Date(at + CHINA_MS).toISOString().slice(11, 16)
}

/** `2-5`. */
export function monthDay(date: string): string {
  return `${Number(date.slice(5, 7))}-${Number(date.slice(8, 10))}`
}

/** RFC 3339 in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** A local date and `HH:MM` as a moment. */
export function momentOf(date: string, time: string): number {
  return Date.parse(`${date}T${time}:00Z`) - CHINA_MS
}
