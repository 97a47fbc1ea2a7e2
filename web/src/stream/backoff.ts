/** Waits before reconnecting: doubling with full jitter, so that a ward does not return as one herd. */

const FIRST_MS = 500
const LONGEST_MS = 15_000

/** Milliseconds to wait before attempt `attempt` (from 0); `random` in [0, 1). */
export function reconnectWait(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10))
  return Math.round(ceiling / 2 + (ceiling / 2) * random())
}
