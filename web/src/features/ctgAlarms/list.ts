/** How the page orders and words alarms. Pure. */
import type { Alarm, Limits } from './types'

export const MARKS = { high: '▲', medium: '◆', low: '●' } as const
const PRIORITIES: readonly Alarm['priority'][] = ['high', 'medium', 'low']

/** Nobody has taken it. */
export function unanswered(alarm: Pick<Alarm, 'state'>): boolean {
  return alarm.state === 'active' || alarm.state === 'silenced' || alarm.state === 'latched'
}

/** Unanswered before taken; the gravest first; the longest waiting first. */
export function ordered(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort(
    (a, b) =>
      Number(unanswered(b)) - Number(unanswered(a)) ||
      PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
      a.raised_at.localeCompare(b.raised_at),
  )
}

/** The limit that was broken, for the reader: "< 110 bpm, 30 s". Empty where none is a number. */
export function broken(alarm: Pick<Alarm, 'kind' | 'limits'>): string {
  const l = alarm.limits
  const words: Partial<Record<Alarm['kind'], string>> = {
    bradycardia: `< ${l.low_bpm} bpm, ${l.low_delay_s} s`,
    tachycardia: `> ${l.high_bpm} bpm, ${l.high_delay_s} s`,
    signal_loss: `${l.loss_delay_s} s`,
    maternal_rate: `± ${l.together_bpm} bpm, ${l.maternal_delay_s} s`,
    same_fetus: `± ${l.together_bpm} bpm, ${l.same_fetus_delay_s} s`,
    device_silent: `${l.silent_s} s`,
    offline: `${l.offline_s} s`,
  }
  return words[alarm.kind] ?? ''
}

/** Fields of the limits, grouped as the form shows them. */
export const FIELDS: readonly (readonly [string, readonly (keyof Limits)[]])[] = [
  ['rate', ['low_bpm', 'low_delay_s', 'high_bpm', 'high_delay_s']],
  ['signal', ['loss_delay_s', 'silent_s', 'offline_s']],
  ['together', ['together_bpm', 'maternal_delay_s', 'same_fetus_delay_s']],
  ['answer', ['remind_s', 'escalate_s', 'silence_max_s']],
]
