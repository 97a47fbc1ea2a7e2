/** The strip in numbers, for readers who cannot see it. A description, never an interpretation. */
import { SAMPLES_PER_SECOND, type StripRing, TOCO_LOST, isRate } from './ring'

export interface StripSummary {
  minutes: number
  medianBpm: number | null
  lowestBpm: number | null
  highestBpm: number | null
  /** Share of samples without a valid heart rate, missing seconds included, 0–1. */
  lostShare: number
  tocoHighest: number | null
}

/** Summarises the last `seconds` seconds before the newest sample. */
export function summarise(ring: StripRing, seconds = 600): StripSummary {
  const to = ring.lastSeq
  const from = Math.max(ring.firstSeq, to - seconds + 1)
  const values: number[] = []
  let toco = -1
  let expected = 0
  for (let seq = from; seq <= to && to > 0; seq += 1) {
    expected += SAMPLES_PER_SECOND
    if (!ring.has(seq)) continue
    const at = ring.indexOf(seq)
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      const fhr = ring.fhr1[at + i] ?? 0
      if (isRate(fhr)) values.push(fhr / 4)
      const raw = ring.toco[at + i] ?? TOCO_LOST
      if (raw !== TOCO_LOST) toco = Math.max(toco, raw / 2)
    }
  }
  values.sort((a, b) => a - b)
  const median = values[Math.floor(values.length / 2)]
  return {
    minutes: Math.round(expected / SAMPLES_PER_SECOND / 60),
    medianBpm: median === undefined ? null : Math.round(median),
    lowestBpm: values.length === 0 ? null : Math.round(values[0] ?? 0),
    highestBpm: values.length === 0 ? null : Math.round(values[values.length - 1] ?? 0),
    lostShare: expected === 0 ? 0 : 1 - values.length / expected,
    tocoHighest: toco < 0 ? null : Math.round(toco),
  }
}
