/** The five states of a strip on the wall, none of which can be taken for another. Pure. */
import type { StripState, StripStatus } from '@/strip/status'

/** `gappy`: it runs, but seconds are missing in what is shown. */
export type TileState = StripState | 'gappy'

export function tileState(status: StripStatus, missingSeconds: number): TileState {
  return status.state === 'running' && missingSeconds > 0 ? 'gappy' : status.state
}

/** A line or monitor that is down, or late: somebody should look. */
export const TROUBLED: readonly TileState[] = ['lagging', 'offline', 'unlinked']
/** Numbers of these are of now; all others are of the past and must look so. */
export const CURRENT: readonly TileState[] = ['running', 'gappy']

/** Bars 0–3 of signal quality by the share of good seconds in the last minute. */
export function qualityBars(goodShare: number | null): 0 | 1 | 2 | 3 {
  if (goodShare === null || goodShare < 0.25) return 0
  return goodShare < 0.6 ? 1 : goodShare < 0.9 ? 2 : 3
}
