import { describe, expect, it } from 'vitest'

import { due } from './due'
import { thisMonth } from './useSpecial'

describe('the month in China', () => {
  it('turns over at midnight there, not in Greenwich', () => {
    expect(thisMonth(Date.parse('2026-11-30T15:59:00Z'))).toBe('2026-11')
    expect(thisMonth(Date.parse('2026-11-30T16:00:00Z'))).toBe('2026-12')
  })
})

describe('a limit', () => {
  const now = Date.parse('2026-11-25T09:00:00Z')
  it('is late from the very moment on and counts whole days', () => {
    expect(due('2026-11-25T09:00:00Z', now)).toEqual({ late: true, days: 0, hours: 0 })
    expect(due('2026-11-22T08:00:00Z', now)).toEqual({ late: true, days: 3, hours: 73 })
    expect(due('2026-11-26T10:00:00Z', now)).toEqual({ late: false, days: 1, hours: 25 })
  })
})
