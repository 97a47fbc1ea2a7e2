import { describe, expect, it } from 'vitest'

import { spotOf, surfaceOf } from './together'

const spot = { instance: '01930000-0000-7000-8000-000000000001', frame: 12 }

describe('a frame that several look at', () => {
  it('is the same on every page', () => {
    expect(spotOf(surfaceOf(spot))).toEqual(spot)
  })

  it.each(['still/1', 'scan/1/2', `scan/${spot.instance}/-1`, `scan/${spot.instance}/1e9`, `scan/${spot.instance}`, ''])('is not %j', (surface) => {
    expect(spotOf(surface)).toBeNull()
  })
})
