/** What a change says, worked out without a screen. */
import { hourMinute, listTime } from '@/shared/format/time'

import type { Change, ChangeShift } from './types'

/** `11-27 08:00–11-28 08:00`, the date only once when both ends lie on one day. */
export function period(shift: ChangeShift): string {
  const from = listTime(shift.from)
  const to = listTime(shift.to)
  const sameDay = from.slice(0, 5) === to.slice(0, 5)
  return `${from} – ${sameDay ? hourMinute(shift.to) : to}`
}

/** Requests that wait for the viewer come first; then open ones; then what is over, newest first. */
export function sorted(changes: readonly Change[]): { answer: Change[]; waiting: Change[]; over: Change[] } {
  const answer = changes.filter((change) => change.actions.includes('accept'))
  const open = changes.filter((change) => OPEN.includes(change.state) && !answer.includes(change))
  return { answer, waiting: open, over: changes.filter((change) => !OPEN.includes(change.state)) }
}

export const OPEN = ['proposed', 'agreed', 'in_force']

/** What needs an approver's word: agreed ones, and take-overs, the most pressing first. */
export function toApprove(changes: readonly Change[]): Change[] {
  return changes
    .filter((change) => change.actions.includes('approve'))
    .sort((a, b) => Date.parse(a.approve_by ?? a.expires_at ?? '') - Date.parse(b.approve_by ?? b.expires_at ?? ''))
}

const CHINA_MS = 8 * 3_600_000

/** The calendar day in China at a moment, as a date field takes it. */
export function chinaDay(ms: number): string {
  return new Date(ms + CHINA_MS).toISOString().slice(0, 10)
}

/** When that day begins in China. */
export function dayStart(day: string): string {
  return `${day}T00:00:00+08:00`
}
