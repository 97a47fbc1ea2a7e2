/** Strips that hang side by side because their monitors stand in one unit. Pure. */
import { type Layout, type Space, bestGrid } from './layout'

/** Height of a unit's name above its strips, with the gap below it, CSS pixels. */
export const HEADING = 27

export interface Unit {
  key: string
  name: string
  count: number
}

/** Neighbours of one unit, in order; while nothing may move a unit can stand at two places. */
export function runs(places: readonly { key: string; name: string }[]): Unit[] {
  const found: Unit[] = []
  for (const { key, name } of places) {
    const last = found.at(-1)
    if (last?.key === key) last.count += 1
    else found.push({ key, name, count: 1 })
  }
  return found
}

/** The grid in which each unit begins a row of its own; null where not all would be readable. */
export function unitLayout(counts: readonly number[], space: Space): Layout | null {
  const room = { width: space.width, height: space.height - counts.length * HEADING }
  const most = Math.max(...counts)
  const best = bestGrid(room, (columns) => (columns > most ? null : counts.reduce((sum, count) => sum + Math.ceil(count / columns), 0)))
  return best && { ...best, perScreen: counts.reduce((sum, count) => sum + count, 0) }
}

/** How many strips stand in each row: the last row of a unit may be short. */
export function rowsOf(counts: readonly number[], columns: number): number[] {
  return counts.flatMap((count) => Array.from({ length: Math.ceil(count / columns) }, (_, row) => Math.min(columns, count - row * columns)))
}
