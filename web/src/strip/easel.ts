/**
 * Draws all strips of a wall in one animation frame each, within a budget.
 *
 * Sixty-four strips that all changed are spread over a few frames instead of stopping the page once
 * a second; a tab that comes back from the background catches up the same way, without a storm.
 */
import { everyFrame } from './loop'

export interface Drawn {
  /** Draws if needed; says whether it did. */
  draw(): boolean
  /** Once a second: numbers and state. */
  second(): void
}

/** Milliseconds of drawing in one frame of sixteen. */
const BUDGET_MS = 5
const SECOND_MS = 1_000

interface Hung {
  one: Drawn
  seenAt: number
}

export class Easel {
  private readonly hung: Hung[] = []
  private cursor = 0
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
    for (let turn = this.hung.length; turn > 0; turn -= 1) {
      this.cursor = (this.cursor + 1) % this.hung.length
      const entry = this.hung[this.cursor]
      if (entry === undefined) return
      const late = start - entry.seenAt
      if (late >= SECOND_MS) {
        entry.seenAt = late < 2 * SECOND_MS ? entry.seenAt + SECOND_MS : start
        entry.one.second()
      }
      entry.one.draw()
      if (this.now() - start > BUDGET_MS) return
    }
  }
}
