import { describe, expect, it } from 'vitest'

import type { Facility } from '@/api/board'

import { centres, searchOf } from './destinations'
import { blankForm } from './form'

function unit(id: string, tier: string, region: string, ...roles: string[]): Facility {
  return { id, code: id, name: id, short_name: id, tier, region_id: region, region_name: region, latitude: null, longitude: null, roles, contacts: [] }
}

const all = [
  unit('province', 'province', 'p', 'maternal_centre', 'neonatal_centre'),
  unit('city', 'city', 'c', 'maternal_centre', 'neonatal_centre'),
  unit('neighbour', 'county', 'other', 'maternal_centre'),
  unit('county', 'county', 'here', 'maternal_centre'),
  unit('own', 'county', 'here', 'maternal_centre'),
  unit('ambulance', 'city', 'c', 'ambulance'),
]

describe('destinations', () => {
  it('offers our region first, then by tier, never ourselves and only centres', () => {
    expect(centres(all, 'own', false).map((f) => f.id)).toEqual(['county', 'neighbour', 'city', 'province'])
  })

  it('asks neonatal centres for a newborn', () => {
    expect(centres(all, 'own', true).map((f) => f.id)).toEqual(['city', 'province'])
  })
})

describe('what is looked for', () => {
  const form = blankForm(0)

  it('is nothing before the condition is known', () => {
    expect(searchOf(form)).toBeNull()
  })

  it('counts a cot per child and the days of a dating by weeks', () => {
    const woman = { ...form.woman, weeks: 31 as const, days: 2 as const, plurality: 2 as const }
    const wanted = searchOf({ ...form, mode: 'new', condition: 'pph', needsNeonatal: true, woman })
    expect(wanted).toMatchObject({ condition: 'pph', acuity: 'critical', needs_neonatal: true, cots: 2, gestation_days: 219 })
  })

  it('takes the gestation of a woman who is on record', () => {
    const found = { age: 30, gestation_days: 200, name: '林', patient_id: 'p', pregnancy_id: 'g' }
    expect(searchOf({ ...form, condition: 'pph', found })).toMatchObject({ gestation_days: 200, cots: 1 })
  })
})
