/** Pure: what would ring, second by second, from the server's plan. */
import type { Point, Rings } from './types'

export interface Moment {
  afterS: number
  /** Channel, and which of the person's points, in the order in which they ring. */
  rings: readonly { channel: string; label: string; ring: number }[]
}

/** Rings of the same second stand together. */
export function moments(plan: Rings, points: readonly Point[]): Moment[] {
  const labels = new Map(points.map((point) => [point.id, point.label]))
  const found = new Map<number, { channel: string; label: string; ring: number }[]>()
  for (const ring of plan.rings) {
    const at = found.get(ring.after_s) ?? []
    at.push({ channel: ring.channel, label: labels.get(ring.point_id ?? '') ?? '', ring: ring.ring })
    found.set(ring.after_s, at)
  }
  return [...found].sort(([a], [b]) => a - b).map(([afterS, rings]) => ({ afterS, rings }))
}

/** Moves one of the ids a place up; the same list if it is the first. */
export function raised(ids: readonly string[], id: string): string[] {
  const at = ids.indexOf(id)
  if (at <= 0) return [...ids]
  const next = [...ids]
  const before = next[at - 1]
  if (before === undefined) return next
  next[at - 1] = id
  next[at] = before
  return next
}
