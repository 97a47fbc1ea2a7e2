/** A value as a cell shows it: what is too old is unknown, whatever the last number was. */
import type { House, HouseLoad, ResourceKind, ResourceValue } from '@/api/resources'

export interface Cell {
  standing: ResourceValue['standing']
  free: number | null
  total: number | null
  held: number
  at: string | null
  by: string
}

export function valuesOf(house: House, kind: string): ResourceValue[] {
  return house.values.filter((value) => value.kind === kind)
}

export function valueOf(house: House, kind: string, subkey = ''): ResourceValue | undefined {
  return house.values.find((value) => value.kind === kind && value.subkey === subkey)
}

export function cellOf(house: House, kind: ResourceKind, load: HouseLoad | undefined): Cell {
  const value = valueOf(house, kind.code)
  const held = load?.held?.find((one) => one.kind === kind.hold)?.held ?? 0
  return {
    standing: value?.standing ?? 'never',
    free: value?.free ?? null,
    total: value?.total ?? null,
    held,
    at: value?.reported_at ?? null,
    by: value?.by?.name ?? '',
  }
}

/** Kinds in which this house is expected to count: stations count no beds, hospitals no fleet of 120. */
export function kindsFor(house: House, kinds: readonly ResourceKind[]): ResourceKind[] {
  const station = house.roles.includes('blood_station')
  const ambulance = house.roles.includes('ambulance')
  return kinds.filter((kind) => {
    if (kind.group === 'blood') return false
    if (station) return false
    if (ambulance) return kind.group === 'transport' && kind.code !== 'ambulance'
    return kind.code !== 'ambulance' || valueOf(house, 'ambulance')?.report_id !== null
  })
}

/** Oldest first: what has to be counted again before anything else. */
export function toCountAgain(house: House, kinds: readonly ResourceKind[]): ResourceKind[] {
  return kinds.filter((kind) => valueOf(house, kind.code)?.standing !== 'current')
}
