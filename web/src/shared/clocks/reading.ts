/** What a screen makes of a case's clocks between two answers of the server: pure, with now given. */
import type { CaseClock, ClockPrompt, ClockSet, Milestone, RunningClock } from '@/api/course'

/** Always there: a case's own emergency comes before them. */
export const ROAD: readonly string[] = ['referral', 'transport']

/** Now over its target. The server's word for stopped clocks, our ticking now for running ones. */
export function isOver(clock: RunningClock, nowMs: number): boolean {
  if (clock.state === 'running' && clock.due_at !== null) return nowMs > Date.parse(clock.due_at)
  return clock.overdue === true
}

/** Milliseconds on a clock; null when it shows no duration. */
export function clockMs(clock: RunningClock, nowMs: number): number | null {
  if (clock.state === 'running') return Math.max(0, nowMs - Date.parse(clock.started_at))
  return clock.elapsed_s === null ? null : clock.elapsed_s * 1000
}

/** By how much it is (or was) over its target; null when it is not. */
export function overMs(clock: RunningClock, nowMs: number): number | null {
  if (!isOver(clock, nowMs) || clock.due_at === null) return null
  const end = clock.stopped_at === null ? nowMs : Date.parse(clock.stopped_at)
  return Math.max(0, end - Date.parse(clock.due_at))
}

/** Running first, the one closest to (or furthest over) its target on top, those without one last. */
export function byUrgency(clocks: readonly RunningClock[]): RunningClock[] {
  const rank = (c: RunningClock): string => `${c.state === 'running' ? 0 : 1}${c.due_at ?? '9'}`
  return [...clocks].sort((a, b) => rank(a).localeCompare(rank(b)))
}

/** Prompts whose moment has come; two sets that ask for the same moment ask once. */
export function asked(clock: CaseClock, nowMs: number): ClockPrompt[] {
  const due = clock.prompts.filter((prompt) => Date.parse(prompt.ask_at) <= nowMs)
  return due.filter((prompt, i) => due.findIndex((other) => other.records === prompt.records) === i)
}

/** A clock that nobody has taken on although its target has passed. */
export function unowned(clock: CaseClock, nowMs: number): RunningClock | null {
  return byUrgency(clock.clocks).find((c) => c.state === 'running' && c.owner === null && isOver(c, nowMs)) ?? null
}

/** The set to begin with: of her own emergency the one whose clock started last, else the first. */
export function mainSet(clock: CaseClock): ClockSet | null {
  const own = clock.sets.filter((set) => !ROAD.includes(set.code))
  const started = (set: ClockSet): string =>
    clock.clocks
      .filter((c) => c.set === set.code && c.state === 'running')
      .map((c) => c.started_at)
      .sort()
      .at(-1) ?? ''
  return [...own].sort((a, b) => started(b).localeCompare(started(a)))[0] ?? clock.sets[0] ?? null
}

export function milestoneNamed(clock: CaseClock, name: string): Milestone | null {
  return clock.milestones.find((milestone) => milestone.name === name) ?? null
}

/** The newest moment that its author may still take back as a slip, within `withinMs` of pressing. */
export function undoable(clock: CaseClock, nowMs: number, withinMs: number): Milestone | null {
  const found = clock.milestones.filter(
    (m) => m.undo_until !== null && nowMs < Date.parse(m.undo_until) && nowMs - Date.parse(m.recv_at) < withinMs,
  )
  return found.sort((a, b) => b.seq - a.seq)[0] ?? null
}
