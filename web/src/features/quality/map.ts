/** Geometry of the map: longitude and latitude to places in a box, names that do not stand on each other. */
import type { Area, Definition } from './types'
import { inUnit } from './words'

export type LonLat = readonly [number, number]
type Ring = readonly LonLat[]

export interface Projection {
  width: number
  height: number
  x(lon: number): number
  y(lat: number): number
}

/** Everything in `rings` and `points`, as wide as `width` and at most `tallest` high; degrees are alike both ways at the middle. */
export function project(rings: readonly Ring[], points: readonly LonLat[], width: number, tallest: number, room = 28): Projection | null {
  const all = [...rings.flat(), ...points]
  if (all.length === 0) return null
  const lons = all.map(([lon]) => lon)
  const lats = all.map(([, lat]) => lat)
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)]
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const wide = Math.max((east - west) * squeeze, 0.02)
  const high = Math.max(north - south, 0.02)
  const scale = Math.min((width - 2 * room) / wide, (tallest - 2 * room) / high)
  const left = (width - wide * scale) / 2
  return {
    width,
    height: high * scale + 2 * room,
    x: (lon) => left + (lon - west) * squeeze * scale,
    y: (lat) => room + (north - lat) * scale,
  }
}

export function outline(rings: readonly Ring[], at: Projection): string {
  return rings.map((ring) => `M${ring.map(([lon, lat]) => `${at.x(lon).toFixed(1)} ${at.y(lat).toFixed(1)}`).join('L')}Z`).join('')
}

/** The middle of the largest ring, by area (Bourke 1988). */
export function middle(rings: readonly Ring[], at: Projection): { x: number; y: number } {
  let best = { area: -1, x: 0, y: 0 }
  for (const ring of rings) {
    let [area, x, y] = [0, 0, 0]
    ring.slice(1).forEach(([lon, lat], i) => {
      const before = ring[i] as LonLat
      const cross = before[0] * lat - lon * before[1]
      area += cross
      x += (before[0] + lon) * cross
      y += (before[1] + lat) * cross
    })
    if (Math.abs(area) > best.area && area !== 0) best = { area: Math.abs(area), x: x / (3 * area), y: y / (3 * area) }
  }
  return { x: at.x(best.x), y: at.y(best.y) }
}

/** Labels of `high` pixels move down until none stands on another, or on what has its place already. */
export function apart<T extends { x: number; y: number }>(labels: readonly T[], wide: number, high: number, taken: readonly { x: number; y: number }[] = []): T[] {
  const placed: T[] = []
  for (const label of [...labels].sort((a, b) => a.y - b.y)) {
    let y = label.y
    for (const other of [...taken, ...placed].sort((a, b) => a.y - b.y)) if (Math.abs(other.x - label.x) < wide && Math.abs(other.y - y) < high) y = other.y + high
    placed.push({ ...label, y })
  }
  return placed
}

export type Tone = 'worse' | 'off' | 'fine' | 'plain' | 'nobody'

/** How an area is coloured: beside its baseline where there is one; never by colour alone, see `mark`. */
export function toneOf(area: Area): Tone {
  if (area.n === 0 || area.value === null) return 'nobody'
  if (area.beside === null) return 'plain'
  if (area.beside === 'within' || area.worse === false) return 'fine'
  return area.worse === true ? 'worse' : 'off'
}

export const MARKS: Record<NonNullable<Area['beside']>, string> = { above: '▲', below: '▼', within: '●' }

/** A value with its mark; nobody counted is no zero, except where counting is all. */
export function saysOf(area: Area, unit: Definition['unit'], lang: string): string {
  if (area.n === 0 || area.value === null) return '–'
  return `${area.beside === null ? '' : `${MARKS[area.beside]} `}${inUnit(area.value, unit, lang)}`
}
