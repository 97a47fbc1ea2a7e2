/** Pure: what the page shows although the server has not heard of it yet. */
import type { CrewEntry, CrewNow, Hospital, LegState } from '@/api/crew'

export const ON_ROAD: readonly LegState[] = ['departed', 'diverted', 'deteriorated', 'birth_en_route', 'halted']

const LEADS_TO: Record<string, LegState> = {
  ready: 'ready',
  depart: 'departed',
  halt: 'halted',
  resume: 'departed',
  deteriorate: 'deteriorated',
  birth: 'birth_en_route',
  divert: 'diverted',
  die: 'died_in_transit',
}

/** Where the journey stands once everything on this phone is handed over, if nothing is refused. */
export function projected(now: CrewNow, waiting: readonly CrewEntry[]): LegState {
  return waiting.reduce<LegState>((state, entry) => LEADS_TO[entry.kind] ?? state, now.leg_state)
}

/** The number of the next child, with those that are still on this phone. */
export function nextChild(now: CrewNow, waiting: readonly CrewEntry[]): number {
  const known = now.children.map((child) => child.birth_order)
  const here = waiting.filter((entry) => entry.kind === 'birth').map((entry) => Number(entry.data?.['birth_order'] ?? 0))
  return Math.max(0, ...known, ...here) + 1
}

export interface OxygenCheck {
  availableL: number
  flow: number
  tripMin: number
}

/** Minutes that the oxygen lasts, minutes that it must, and whether that is enough. */
export function oxygen(check: OxygenCheck, marginMin: number): { lasts: number; needs: number; enough: boolean } {
  const lasts = check.flow > 0 ? Math.floor(check.availableL / check.flow) : 0
  const needs = check.tripMin + marginMin
  return { lasts, needs, enough: check.flow > 0 && check.availableL >= check.flow * needs }
}

const EARTH_KM = 6371.0088

/** Great-circle distance in kilometres. */
export function distanceKm(a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number {
  const rad = Math.PI / 180
  const half =
    Math.sin(((b.latitude - a.latitude) * rad) / 2) ** 2 +
    Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(half)))
}

export interface Near extends Hospital {
  km: number | null
}

/** The nearest hospitals; without a position in the order in which the server gave them. */
export function nearest(hospitals: readonly Hospital[], here: { latitude: number; longitude: number } | null, count = 5): Near[] {
  const placed = hospitals.map((hospital) => ({ ...hospital, km: here === null ? null : distanceKm(here, hospital) }))
  if (here !== null) placed.sort((a, b) => (a.km ?? 0) - (b.km ?? 0))
  return placed.slice(0, count)
}
