/** Geometry of a trend: readings and thresholds in, places in a box out. No drawing, no colours. */
export interface Reading {
  at: number
  value: number
  source: string
}

export interface Axis {
  from: number
  to: number
  low: number
  high: number
}

export interface Size {
  width: number
  height: number
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

/** Round values that span all of these, about four of them. */
export function ticks(values: readonly number[], wanted = 4): number[] {
  if (values.length === 0) return []
  const low = Math.min(...values)
  const high = Math.max(...values)
  const step = STEPS.find((one) => (high - low) / one <= wanted) ?? 10_000
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(2)))
}

export function placeX(at: number, axis: Axis, size: Size): number {
  return ((at - axis.from) / Math.max(1, axis.to - axis.from)) * size.width
}

export function placeY(value: number, axis: Axis, size: Size): number {
  return size.height * (1 - (value - axis.low) / (axis.high - axis.low || 1))
}

/** Moments to label: at most `most`, spread evenly, both ends among them. */
export function moments(axis: Axis, most: number): number[] {
  const n = Math.max(2, most)
  return Array.from({ length: n }, (_, i) => axis.from + ((axis.to - axis.from) * i) / (n - 1))
}

/** A line through readings of one source; readings at home never join those of the ward. */
export function lines(readings: readonly Reading[]): Reading[][] {
  const found = new Map<string, Reading[]>()
  for (const reading of [...readings].sort((a, b) => a.at - b.at)) {
    const key = reading.source === 'home' ? 'home' : 'house'
    found.set(key, [...(found.get(key) ?? []), reading])
  }
  return [...found.values()]
}
