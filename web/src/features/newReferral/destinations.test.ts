import { describe, expect, it } from 'vitest'

import type { Facility } from '@/api/board'

import { centres } from './destinations'

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
