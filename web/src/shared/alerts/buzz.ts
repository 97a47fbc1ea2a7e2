/** Vibration beside the sound, in the same rhythm; devices without a motor lose nothing. */
import type { Priority } from './state'

/** On and off in milliseconds: three long, three short, one. */
const PATTERN: Record<Priority, number[]> = {
  high: [600, 200, 600, 200, 600],
  medium: [300, 200, 300, 200, 300],
  low: [300],
}
const EVERY_MS: Record<Priority, number> = { high: 5_000, medium: 7_500, low: 20_000 }

export class Buzz {
  private timer: ReturnType<typeof setInterval> | null = null
  private running: Priority | null = null

  constructor(
    private readonly vibrate: (pattern: number[]) => void = (pattern) => {
      // A browser that has seen no touch yet refuses and warns; then there is nothing to feel either.
      if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(pattern)
    },
  ) {}

  /** Vibrates as long as something calls; the same priority again does not restart the rhythm. */
  follow(priority: Priority | null): void {
    if (priority === this.running) return
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
    this.running = priority
    if (priority === null) {
      this.vibrate([])
      return
    }
    this.vibrate(PATTERN[priority])
    this.timer = setInterval(() => this.vibrate(PATTERN[priority]), EVERY_MS[priority])
  }
}
