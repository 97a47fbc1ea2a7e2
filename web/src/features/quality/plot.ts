/** Geometry of the small plots: data in, places in a box out. No drawing, no colours. */
import type { Bin } from './types'

export interface Box {
  width: number
  height: number
}

export interface Bar {
  bin: Bin
  x: number
  y: number
  width: number
  height: number
  /** The last bin collects everything above. */
  open: boolean
}

/** One bar per bin; a bin with anybody in it is at least visible. */
export function bars(histogram: readonly Bin[], box: Box, maxS: number | null): Bar[] {
  const most = Math.max(1, ...histogram.map((bin) => bin.n))
  const slot = box.width / Math.max(1, histogram.length)
  return histogram.map((bin, i) => {
    const height = bin.n === 0 ? 0 : Math.max(2, (bin.n / most) * box.height)
    return {
      bin,
      x: i * slot + slot * 0.06,
      y: box.height - height,
      width: slot * 0.88,
      height,
      open: i === histogram.length - 1 && maxS !== null && maxS >= bin.to_s,
    }
  })
}

/** Where a duration stands on the histogram's axis; past its end it stands at the end. */
export function placeOf(seconds: number, histogram: readonly Bin[], box: Box): number {
  const last = histogram[histogram.length - 1]
  if (last === undefined || last.to_s === 0) return 0
  return Math.min(1, seconds / last.to_s) * box.width
}

/** Edges to label: the ends and a few between, never more than `most`. */
export function edges(histogram: readonly Bin[], most: number): number[] {
  const last = histogram[histogram.length - 1]
  if (last === undefined) return []
  const all = [...histogram.map((bin) => bin.from_s), last.to_s]
  const step = Math.max(1, Math.ceil((all.length - 1) / Math.max(1, most - 1)))
  return all.filter((_, i) => i % step === 0)
}

/** Two labels may not stand on each other: the second moves to the next line. */
export function lineOf(x: number, taken: readonly number[], apart: number): number {
  let line = 0
  for (const other of taken) if (Math.abs(other - x) < apart) line += 1
  return line
}

const STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800]

/** Ticks of a duration axis from zero to a readable value above `maxS`. */
export function durationTicks(maxS: number, most = 5): number[] {
  const step = STEPS_S.find((s) => maxS / s <= most) ?? Math.ceil(maxS / most / 604_800) * 604_800
  const count = Math.max(1, Math.ceil(maxS / step))
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}

/** An SVG path through the points that exist; it is lifted over holes. */
export function path(points: readonly { x: number; y: number | null }[]): string {
  let pen = 'M'
  const parts: string[] = []
  for (const { x, y } of points) {
    if (y === null) pen = 'M'
    else {
      parts.push(`${pen}${round(x)} ${round(y)}`)
      pen = 'L'
    }
  }
  return parts.join('')
}

export interface Range {
  bottom: number
  top: number
}

const DECADES = [1, 2, 5, 10]

/** A readable step that divides `span` into at most `most` parts. */
function stepOf(span: number, most: number): number {
  const size = 10 ** Math.floor(Math.log10(span / most))
  return (DECADES.find((part) => span / (part * size) <= most) ?? 10) * size
}

/** What an axis must show: all values; durations from zero, others with a little room around. */
export function rangeOf(values: readonly (number | null)[], fromZero: boolean): Range {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return { bottom: 0, top: 1 }
  const [least, most] = [Math.min(...known), Math.max(...known)]
  if (fromZero) return { bottom: 0, top: durationTicks(Math.max(60, most)).at(-1) ?? 60 }
  const room = (most - least || Math.abs(most) || 1) * 0.08
  return { bottom: Math.max(least < 0 ? -Infinity : 0, least - room), top: most + room }
}

export function levelTicks(range: Range, durations: boolean): number[] {
  if (durations) return durationTicks(range.top)
  const step = stepOf(range.top - range.bottom, 5)
  const first = Math.ceil(range.bottom / step)
  const count = Math.floor(range.top / step) - first + 1
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

export function yOf(value: number, range: Range, box: Box): number {
  return box.height * (1 - (value - range.bottom) / (range.top - range.bottom))
}

const round = (value: number): number => Math.round(value * 10) / 10
