/**
 * Draws all strips of a wall by one animation frame, a few strips at a time.
 *
 * A strip moves about a pixel a second, so nothing is gained by drawing at sixty frames: ten times a
 * second a share of the strips has its turn, and every strip has one within a second. Sixty-four that
 * all changed at once do not stop the page; a tab that comes back from the background catches up the
 * same way, without a storm.
 */
import { everyFrame } from './loop'

export interface Drawn {
  /** Draws if needed; says whether it did. */
  draw(): boolean
  /** Once a second: numbers and state. */
  second(): void
}

const TURN_MS = 100
/** Every strip is drawn within so many turns. */
const TURNS = 8
/** Few strips are all drawn in every turn. */
const FEW = 8
/** Milliseconds of drawing in one turn; what is left over is first in the next. */
const BUDGET_MS = 8
const SECOND_MS = 1_000

interface Hung {
  one: Drawn
  seenAt: number
}

export class Easel {
  private readonly hung: Hung[] = []
  private cursor = 0
  private turnedAt = -Infinity
  private stop: (() => void) | null = null

  constructor(private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.hung.length
  }

  /** Hangs a strip; the returned function takes it down. */
  hang(one: Drawn): () => void {
    // Each strip has its own moment of the second, so that they do not all speak at once.
    const entry = { one, seenAt: this.now() - SECOND_MS * ((this.hung.length * 0.618) % 1) }
    this.hung.push(entry)
    this.stop ??= everyFrame(() => this.frame())
    return () => {
      const at = this.hung.indexOf(entry)
      if (at >= 0) this.hung.splice(at, 1)
      if (this.hung.length > 0) return
      this.stop?.()
      this.stop = null
    }
  }

  private frame(): void {
    const start = this.now()
    if (start - this.turnedAt < TURN_MS) return
    this.turnedAt = start
    for (const entry of this.hung) this.tell(entry, start)
    let left = Math.max(FEW, Math.ceil(this.hung.length / TURNS))
    for (let seen = 0; seen < this.hung.length && left > 0; seen += 1) {
      this.cursor = (this.cursor + 1) % this.hung.length
      if (this.hung[this.cursor]?.one.draw() !== true) continue
      left -= 1
      if (this.now() - start > BUDGET_MS) return
    }
  }

  private tell(entry: Hung, start: number): void {
    const late = start - entry.seenAt
    if (late < SECOND_MS) return
    // The seconds of a hidden tab are not made up for.
    entry.seenAt = late < 2 * SECOND_MS ? entry.seenAt + SECOND_MS : start
    entry.one.second()
  }
}
