/**
 * Lengths on a picture. Where the file says how large a pixel is there are millimetres; where it
 * does not there are pixels, and whoever shows them says so.
 */

export interface Point {
  x: number
  y: number
}

/** A calibrated rectangle of an ultrasound picture (PS3.3 C.8.5.5); units are the file's words. */
export interface Region {
  x0: number
  y0: number
  x1: number
  y1: number
  unit_x: string
  unit_y: string
  delta_x: number
  delta_y: number
}

export interface Calibration {
  regions: readonly Region[]
  /** Between rows, between columns. */
  spacing_mm: readonly [number, number] | null
  /** `imager`: at the detector, where things look larger than they are. */
  spacing_at: string
}

export type Length =
  | { kind: 'mm'; mm: number; by: 'region' | 'pixel' | 'imager' }
  /** Along a spectrum or M-mode: across and up are different things. */
  | { kind: 'axes'; x: number; unit_x: string; y: number; unit_y: string }
  | { kind: 'px'; px: number }

/** The length from `a` to `b`, with what it was measured by. */
export function lengthOf(a: Point, b: Point, by: Calibration): Length {
  const dx = Math.abs(b.x - a.x)
  const dy = Math.abs(b.y - a.y)
  const region = around(a, b, by.regions)
  if (region !== null) {
    const x = dx * Math.abs(region.delta_x)
    const y = dy * Math.abs(region.delta_y)
    if (region.unit_x === 'cm' && region.unit_y === 'cm') return { kind: 'mm', mm: Math.hypot(x, y) * 10, by: 'region' }
    return { kind: 'axes', x, unit_x: region.unit_x, y, unit_y: region.unit_y }
  }
  if (by.regions.length === 0 && by.spacing_mm !== null) {
    const [rows, columns] = by.spacing_mm
    return { kind: 'mm', mm: Math.hypot(dx * columns, dy * rows), by: by.spacing_at === 'imager' ? 'imager' : 'pixel' }
  }
  return { kind: 'px', px: Math.hypot(dx, dy) }
}

/** The smallest calibrated region that holds both ends. */
function around(a: Point, b: Point, regions: readonly Region[]): Region | null {
  const holds = (region: Region, point: Point): boolean => point.x >= region.x0 && point.x <= region.x1 && point.y >= region.y0 && point.y <= region.y1
  const area = (region: Region): number => (region.x1 - region.x0) * (region.y1 - region.y0)
  const known = regions.filter((one) => one.unit_x !== '' && one.unit_y !== '' && one.delta_x !== 0 && one.delta_y !== 0)
  const holding = known.filter((one) => holds(one, a) && holds(one, b))
  return holding.reduce<Region | null>((least, one) => (least === null || area(one) < area(least) ? one : least), null)
}
