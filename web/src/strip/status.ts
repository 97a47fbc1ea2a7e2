/** What a strip must always say about itself, computed from what arrived and when. */
import { SAMPLES_PER_SECOND, type StripRing, isRate } from './ring'

export type StripState = 'waiting' | 'running' | 'lagging' | 'offline' | 'stopped' | 'unlinked'

export interface StripStatus {
  state: StripState
  /** From the newest sample's own time to its arrival at the gateway; null before data. */
  lagMs: number | null
  /** Since the newest sample arrived here; null before data. */
  ageMs: number | null
  gapSeconds: number
  /** Share of seconds in the last minute by fhr1 quality: 0–1, null before data. */
  goodShare: number | null
  batteryLow: boolean
  clockUnsynchronised: boolean
  /** Newest valid values, null when the newest second has none. */
  fhr1Bpm: number | null
  fhr2Bpm: number | null
  fhr3Bpm: number | null
  mhrBpm: number | null
  toco: number | null
}

export interface StripInputs {
  serverNowMs: number
  localNowMs: number
  /** Local time when the newest frame arrived. */
  arrivedMs: number
  /** As the gateway measured it, corrected by the device's clock offset; null if it did not say. */
  reportedLagMs: number | null
  /** The monitor's line to the gateway is up; null if the gateway did not say. */
  connected: boolean | null
  /** This page's line to the gateway is up. */
  linkUp: boolean
  closed: boolean
}

const CLOCK_UNSYNCHRONISED = 2
const BATTERY_LOW = 4
const FAIR = 2
/** Samples older than this while still flowing: the strip is late, not dead. */
export const LAGGING_MS = 5_000
/** Nothing for this long: the monitor or its line is down. */
export const OFFLINE_MS = 15_000
const QUALITY_WINDOW_S = 60

export function stripStatus(ring: StripRing, inputs: StripInputs): StripStatus {
  const seq = ring.lastSeq
  if (seq === 0) {
    return {
      state: inputs.closed ? 'stopped' : inputs.linkUp ? 'waiting' : 'unlinked',
      lagMs: null, ageMs: null, gapSeconds: 0, goodShare: null,
      batteryLow: false, clockUnsynchronised: false,
      fhr1Bpm: null, fhr2Bpm: null, fhr3Bpm: null, mhrBpm: null, toco: null,
    }
  }
  const flags = ring.flags[seq % ring.seconds] ?? 0
  const ageMs = Math.max(0, inputs.localNowMs - inputs.arrivedMs)
  const measured = inputs.serverNowMs - ageMs - (ring.lastDeviceMs + 1000)
  const lagMs = Math.max(0, inputs.reportedLagMs ?? measured)
  const unsynchronised = (flags & CLOCK_UNSYNCHRONISED) !== 0
  return {
    state: stateOf(inputs, unsynchronised ? ageMs : lagMs, ageMs),
    lagMs,
    ageMs,
    gapSeconds: ring.missingSeconds(Math.max(ring.firstSeq, seq - ring.seconds + 1), seq),
    goodShare: goodShare(ring, seq),
    batteryLow: (flags & BATTERY_LOW) !== 0,
    clockUnsynchronised: unsynchronised,
    fhr1Bpm: newest(ring.fhr1, ring, seq),
    fhr2Bpm: newest(ring.fhr2, ring, seq),
    fhr3Bpm: newest(ring.fhr3, ring, seq),
    mhrBpm: newest(ring.mhr, ring, seq),
    toco: newestToco(ring, seq),
  }
}

function stateOf(inputs: StripInputs, lagMs: number, ageMs: number): StripState {
  if (inputs.closed) return 'stopped'
  if (!inputs.linkUp) return 'unlinked'
  if (ageMs > OFFLINE_MS || inputs.connected === false) return 'offline'
  if (lagMs > LAGGING_MS || ageMs > LAGGING_MS) return 'lagging'
  return 'running'
}

function goodShare(ring: StripRing, seq: number): number {
  let good = 0
  let seen = 0
  for (let at = Math.max(ring.firstSeq, seq - QUALITY_WINDOW_S + 1); at <= seq; at += 1) {
    seen += 1
    if (ring.has(at) && ((ring.marks[ring.indexOf(at)] ?? 0) & 3) >= FAIR) good += 1
  }
  return seen === 0 ? 0 : good / seen
}

function newest(samples: Uint16Array, ring: StripRing, seq: number): number | null {
  const at = ring.indexOf(seq)
  for (let i = SAMPLES_PER_SECOND - 1; i >= 0; i -= 1) {
    const value = samples[at + i] ?? 0
    if (isRate(value)) return Math.round(value / 4)
  }
  return null
}

function newestToco(ring: StripRing, seq: number): number | null {
  const raw = ring.toco[ring.indexOf(seq) + SAMPLES_PER_SECOND - 1] ?? 255
  return raw === 255 ? null : Math.round(raw / 2)
}
