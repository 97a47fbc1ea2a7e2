/**
 * The order of strips on a wall. Calm: an alarm goes up after it has stood, comes down later still,
 * and nothing moves while a hand is near. Pure: time is an argument, milliseconds.
 */

/** 0 high, 1 medium, 2 low, 3 a line or monitor that is down, 4 nothing. */
export type Rank = 0 | 1 | 2 | 3 | 4

export interface Placed {
  /** What stays the same while the strip hangs: the monitor. */
  key: string
  /** By facility, unit and bed. */
  place: string
  rank: Rank
}

/** An alarm shorter than this does not move a strip. */
export const RISE_MS = 4_000
/** After the last alarm a strip keeps its place for so long. */
export const SINK_MS = 60_000
/** No strip moves within this time of a touch, a key or a movement of the pointer. */
export const HANDS_OFF_MS = 8_000

const MOST_GROWN = 2
/** Bed 2 hangs before bed 10. */
const PLACES = new Intl.Collator('zh-CN', { numeric: true })

interface Standing {
  shown: Rank
  wanted: Rank
  since: number
}

export class CalmOrder {
  private readonly standings = new Map<string, Standing>()
  private order: readonly string[] = []
  private enlarged = 0

  /** How many of the first strips take a larger cell: unanswered alarms of high priority. */
  get grown(): number {
    return this.enlarged
  }

  /** The keys in the order to show; the very same array while nothing moves. */
  arrange(strips: readonly Placed[], nowMs: number, handMs: number, byAlarm: boolean): readonly string[] {
    this.forget(strips)
    for (const strip of strips) this.judge(strip, nowMs)
    const handsOff = nowMs - handMs >= HANDS_OFF_MS
    const wanted = this.sorted(strips, byAlarm)
    // A strip that is new or gone has to be shown at once; a mere change of places can wait.
    if (handsOff) this.order = same(wanted, this.order) ? this.order : wanted
    else if (!sameSet(wanted, this.order)) this.order = this.patched(wanted)
    if (handsOff) this.enlarged = byAlarm ? Math.min(MOST_GROWN, this.order.filter((key) => this.shown(key) === 0).length) : 0
    return this.order
  }

  private sorted(strips: readonly Placed[], byAlarm: boolean): string[] {
    const rank = (strip: Placed): number => (byAlarm ? this.shown(strip.key) : 0)
    return [...strips]
      .sort((a, b) => rank(a) - rank(b) || PLACES.compare(a.place, b.place) || a.key.localeCompare(b.key))
      .map((strip) => strip.key)
  }

  /** What the strip's place is by, after waiting. */
  shown(key: string): Rank {
    return this.standings.get(key)?.shown ?? 4
  }

  private judge({ key, rank }: Placed, nowMs: number): void {
    const known = this.standings.get(key)
    if (known === undefined) {
      this.standings.set(key, { shown: rank, wanted: rank, since: nowMs })
      return
    }
    if (known.wanted !== rank) {
      known.wanted = rank
      known.since = nowMs
    }
    const waits = rank < known.shown ? RISE_MS : SINK_MS
    if (rank !== known.shown && nowMs - known.since >= waits) known.shown = rank
  }

  private forget(strips: readonly Placed[]): void {
    const keys = new Set(strips.map((strip) => strip.key))
    for (const key of this.standings.keys()) if (!keys.has(key)) this.standings.delete(key)
  }

  /** The present order without those that left, new ones at the end: nothing else moves. */
  private patched(wanted: readonly string[]): readonly string[] {
    const stay = this.order.filter((key) => wanted.includes(key))
    return [...stay, ...wanted.filter((key) => !stay.includes(key))]
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at])
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  const keys = new Set(b)
  return a.every((key) => keys.has(key))
}
