/** One's own line, as the browser counts it, where the engine does not tell. Pure. */
import type { Light } from './messages'

const FAIR = 0.02
const POOR = 0.1
const SLOW_MS = 400

export interface OwnLine {
  /** Share of packets lost on the way to the engine, 0 to 1. */
  loss: number
  round_trip_ms: number
}

interface Report {
  type: string
  fractionLost?: number
  roundTripTime?: number
}

/** Null before the engine has reported anything. */
export function outgoing(stats: { values(): Iterable<unknown> }): OwnLine | null {
  const reports = [...(stats.values() as Iterable<Report>)].filter((one) => one.type === 'remote-inbound-rtp')
  if (reports.length === 0) return null
  return {
    loss: Math.max(...reports.map((one) => one.fractionLost ?? 0)),
    round_trip_ms: Math.round(1000 * Math.max(...reports.map((one) => one.roundTripTime ?? 0))),
  }
}

export function lightOf({ loss, round_trip_ms: roundTrip }: OwnLine): Light {
  if (loss > POOR) return 'poor'
  return loss > FAIR || roundTrip > SLOW_MS ? 'fair' : 'good'
}
