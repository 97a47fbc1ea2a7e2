import { describe, expect, it } from 'vitest'

import { aPoint, someContacts } from './fixtures'
import { moments, raised } from './timeline'

describe('what would ring', () => {
  it('puts together what rings in the same second, by the names that the person gave', () => {
    const [found] = someContacts().rings.map((plan) => moments(plan, [aPoint()]))
    expect(found?.map((one) => [one.afterS, one.rings.length])).toEqual([[0, 2], [60, 1]])
    expect(found?.[0]?.rings[1]?.label).toBe('本人手机')
  })

  it('raises a number by one place', () => {
    expect(raised(['a', 'b', 'c'], 'c')).toEqual(['a', 'c', 'b'])
    expect(raised(['a', 'b'], 'a')).toEqual(['a', 'b'])
  })
})
