/** Which units can be asked, nearest and ablest first. */
import type { Facility } from '@/api/board'

const TIER_ORDER = ['county', 'city', 'province', 'township']

/** Centres other than our own, our region first, then by tier and code. */
export function centres(all: readonly Facility[], ownId: string | undefined, newborn: boolean): Facility[] {
  const own = all.find((facility) => facility.id === ownId)
  const wanted = newborn ? 'neonatal_centre' : 'maternal_centre'
  const rank = (facility: Facility): number => {
    const tier = TIER_ORDER.indexOf(facility.tier)
    return (facility.region_id === own?.region_id ? 0 : 10) + (tier < 0 ? TIER_ORDER.length : tier)
  }
  return all
    .filter((facility) => facility.id !== ownId && facility.roles.includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code))
}
