/** What is written in a room, as arithmetic: merged by number, corrected, read by whom. */
import type { RoomMessage, RoomReader } from './types'

/** Both lists as one, by number; what both hold is the same. */
export function merged(held: readonly RoomMessage[], fresh: readonly RoomMessage[]): RoomMessage[] {
  const all = new Map([...held, ...fresh].map((one) => [one.n, one]))
  return [...all.values()].sort((a, b) => a.n - b.n)
}

/** Up to which number nothing is missing: what comes after it is asked for. */
export function unbroken(held: readonly RoomMessage[]): number {
  let n = 0
  for (const one of held) {
    if (one.n !== n + 1) break
    n = one.n
  }
  return n
}

/** Numbers that a later message stands for. */
export function correctedBy(held: readonly RoomMessage[]): ReadonlyMap<number, number> {
  return new Map(held.flatMap((one) => (one.corrects === null ? [] : [[one.corrects, one.n] as const])))
}

export interface Reach {
  read: number
  delivered: number
  /** On no page of theirs yet. */
  away: number
}

/** How many of the others have read the viewer's message `n`, hold it unread, or do not hold it. */
export function reach(n: number, readers: readonly RoomReader[]): Reach {
  const others = readers.filter((one) => !one.mine)
  const read = others.filter((one) => one.read_to >= n).length
  const delivered = others.filter((one) => one.delivered_to >= n).length - read
  return { read, delivered, away: others.length - read - delivered }
}
