/** One clock for everything that was recorded: when each file is heard and seen. Pure. */
import type { RecordingPart } from './types'

export interface Timeline {
  /** Milliseconds since 1970. */
  from: number
  to: number
}

/** From the first frame of all to the last. */
export function timelineOf(parts: readonly RecordingPart[]): Timeline {
  const starts = parts.map((one) => Date.parse(one.began_at))
  const ends = parts.map((one) => Date.parse(one.began_at) + one.length_ms)
  return { from: Math.min(...starts), to: Math.max(...ends) }
}

/** Seconds into a file at a moment; null where it has nothing. */
export function placeIn(part: RecordingPart, at: number): number | null {
  const offset = at - Date.parse(part.began_at)
  return offset >= 0 && offset <= part.length_ms ? offset / 1000 : null
}

/** Stretches in which nobody is recorded, oldest first: it rested, or nobody sent anything. */
export function rests(parts: readonly RecordingPart[]): [number, number][] {
  const spans = parts.map((one): [number, number] => [Date.parse(one.began_at), Date.parse(one.began_at) + one.length_ms]).sort((a, b) => a[0] - b[0])
  const found: [number, number][] = []
  let reached = spans[0]?.[0] ?? 0
  for (const [from, to] of spans) {
    if (from - reached > 1000) found.push([reached, from])
    reached = Math.max(reached, to)
  }
  return found
}

/** The moment to go on from when nothing is recorded at `at`. */
export function afterRest(parts: readonly RecordingPart[], at: number): number {
  return rests(parts).find(([from, to]) => at >= from && at < to)?.[1] ?? at
}

const RANK = ['ultrasound', 'screen', 'camera'] as const

/** Pictures at a moment, the scan first: the first one is shown large. */
export function picturesAt(parts: readonly RecordingPart[], at: number): RecordingPart[] {
  const rank = (one: RecordingPart): number => RANK.findIndex((source) => source === one.source)
  return parts.filter((one) => one.source !== 'microphone' && placeIn(one, at) !== null).sort((a, b) => rank(a) - rank(b))
}
