/** The vertical line of a case: milestones reached, and those still to come with their targets. */
import type { CaseClock, Milestone, RunningClock } from '@/api/course'
import { isOver } from './reading'

/** The usual way of a case; what is not reached yet is drawn hollow, in this order. */
const USUAL = ['request', 'first_delivered', 'first_acknowledged', 'accepted', 'committed', 'departed', 'arrived', 'handed_over', 'closed']

export interface LinePoint {
  name: string
  reached: Milestone | null
  /** When it should be reached by the tightest running clock. */
  dueAt: string | null
  /** Clocks that end here and were exceeded, or are exceeded now. */
  exceeded: RunningClock[]
}

export function linePoints(clock: CaseClock, nowMs: number): LinePoint[] {
  const reached = new Set(clock.milestones.map((milestone) => milestone.name))
  const points = clock.milestones.map((milestone) => point(clock, milestone.name, milestone, nowMs))
  if (clock.ended) return points
  const running = clock.clocks.filter((c) => c.state === 'running').map((c) => c.to_milestone)
  const usualAhead = reached.has('guided_in_place') ? ['closed'] : USUAL.slice(furthest(reached) + 1)
  const ahead = [...new Set([...running, ...usualAhead])].filter((name) => !reached.has(name))
  const order = (name: string): number => (USUAL.includes(name) ? USUAL.indexOf(name) : -1)
  ahead.sort((a, b) => order(a) - order(b))
  return [...points, ...ahead.map((name) => point(clock, name, null, nowMs))]
}

function point(clock: CaseClock, name: string, reached: Milestone | null, nowMs: number): LinePoint {
  const ending = clock.clocks.filter((c) => c.to_milestone === name)
  const due = ending
    .filter((c) => c.state === 'running')
    .map((c) => c.due_at)
    .filter((at) => at !== null)
    .sort()
  return { name, reached, dueAt: due[0] ?? null, exceeded: ending.filter((c) => isOver(c, nowMs)) }
}

function furthest(reached: ReadonlySet<string>): number {
  return USUAL.reduce((best, name, i) => (reached.has(name) ? i : best), -1)
}
