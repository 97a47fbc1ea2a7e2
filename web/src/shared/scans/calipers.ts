/** Lengths that somebody drew, in words. */
import { type Length, type Point } from '@/scan/measure'

/** One length on one frame; `words` is what is written beside it. */
export interface Caliper {
  a: Point
  b: Point
  words: string
}

type Say = (key: string, named?: Record<string, unknown>) => string

const round = (value: number): string => value.toFixed(value < 10 ? 2 : 1)

export function wordsOf(length: Length, t: Say): string {
  if (length.kind === 'px') return t('scans.length.px', { n: length.px.toFixed(0) })
  if (length.kind === 'axes') return `↔ ${round(length.x)} ${length.unit_x}  ↕ ${round(length.y)} ${length.unit_y}`
  const shown = `${length.mm.toFixed(1)} mm`
  return length.by === 'imager' ? t('scans.length.imager', { n: shown }) : shown
}
