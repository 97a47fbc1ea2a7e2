/** Which units can be asked, nearest and ablest first. */
import type { Facility } from '@/api/board'
import type { Query } from '@/api/client'
import { gestationDays } from '@/shared/format/gestation'

import type { Form } from './form'

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

/** What is looked for, as far as it is written; null while nobody knows with what she is sick. */
export function searchOf(form: Form): Query | null {
  if (form.condition === '') return null
  const { weeks, days, plurality, datedBy } = form.woman
  const told = datedBy === 'weeks' && weeks !== '' ? gestationDays(weeks, days === '' ? 0 : days) : null
  return {
    condition: form.condition,
    acuity: form.acuity || 'critical',
    subject: form.subject,
    needs_neonatal: form.needsNeonatal,
    cots: form.mode === 'new' && plurality !== '' ? plurality : 1,
    gestation_days: form.mode === 'new' ? told : form.found?.gestation_days,
  }
}
