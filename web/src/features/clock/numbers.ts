/** Which of a case's clocks the big one shows: four at most, none twice. */
import type { CaseClock, ClockSet, RunningClock } from '@/api/course'
import { byUrgency } from '@/shared/clocks/reading'

export const MOST = 4

/**
 * Those of the chosen set first, then what else runs towards a target. Clocks that started at the
 * same moment show the same number, so one of them stands for all: the one with the nearest target,
 * else the one that goes furthest. Once nothing of the set runs any more, its result stays.
 */
export function bigNumbers(clock: CaseClock, set: ClockSet | null): RunningClock[] {
  const running = byUrgency(clock.clocks.filter((c) => c.state === 'running'))
  const own = once(running.filter((c) => c.set === set?.code))
  const others = once(running.filter((c) => c.set !== set?.code && c.due_at !== null))
  const shown = [...own, ...others.filter((c) => own.every((mine) => mine.started_at !== c.started_at))]
  const results = clock.clocks.filter((c) => c.set === set?.code && c.state === 'stopped' && c.target !== null)
  return [...shown, ...results].slice(0, MOST)
}

function once(clocks: RunningClock[]): RunningClock[] {
  const byStart = new Map<string, RunningClock>()
  for (const c of clocks) {
    const held = byStart.get(c.started_at)
    if (held === undefined || held.due_at === null) byStart.set(c.started_at, c)
  }
  return [...byStart.values()]
}
