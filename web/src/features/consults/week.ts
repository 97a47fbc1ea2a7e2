/** A week of planned consultations, in the time zone of the reader's device. Pure. */
import type { Consult } from '@/shared/consults/types'

type Planned = Pick<Consult, 'id' | 'planned_at' | 'minutes'>

const MINUTE_MS = 60_000

/** The midnight at which the week of `at` begins, on Monday; `by` weeks before or after. */
export function monday(at: number, by = 0): Date {
  const day = new Date(at)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - ((day.getDay() + 6) % 7) + 7 * by)
}

/** The midnights of a week, or of so many days, and the one after. Days are counted, not hours. */
export function midnights(start: Date, days = 7): Date[] {
  return Array.from({ length: days + 1 }, (_, day) => new Date(start.getFullYear(), start.getMonth(), start.getDate() + day))
}

/** Who is on which of the seven days, by the time. */
export function onDays<T extends Planned>(consults: readonly T[], start: Date): T[][] {
  const bounds = midnights(start).map((midnight) => midnight.getTime())
  const timed = consults.filter((one) => one.planned_at).sort((a, b) => begins(a) - begins(b))
  return bounds.slice(0, 7).map((from, day) => timed.filter((one) => begins(one) >= from && begins(one) < (bounds[day + 1] ?? 0)))
}

/** Those that take place while another does: nobody sits in both. */
export function overlapping(consults: readonly Planned[]): Set<string> {
  const timed = consults.filter((one) => one.planned_at)
  const meets = (a: Planned, b: Planned): boolean => a !== b && begins(a) < ends(b) && begins(b) < ends(a)
  return new Set(timed.filter((one) => timed.some((other) => meets(one, other))).map((one) => one.id))
}

export function ends(one: Planned): number {
  return begins(one) + (one.minutes ?? 0) * MINUTE_MS
}

function begins(one: Planned): number {
  return Date.parse(one.planned_at ?? '')
}
