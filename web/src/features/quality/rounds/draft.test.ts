import { describe, expect, it } from 'vitest'

import { draftOf, ordered } from './draft'
import type { AssessedItem } from './types'
import { daysLeft, methodNumbers, totalText } from './words'

const item = (changed: Partial<AssessedItem>): AssessedItem =>
  ({ code: 'a', kind: 'indicator', computed: true, weight: null, scoring: null, basis: '', definition: { unit: 's' }, ...changed }) as AssessedItem

describe('an item of a plan', () => {
  it('takes minutes for what is measured in seconds', () => {
    const draft = { ...draftOf(item({})), method: 'slope' as const, first: 30, second: 10, weight: 5, basis: '省方案' }
    expect(ordered(draft)).toEqual({ code: 'a', weight: 5, scoring: { method: 'slope', zero: 1800, full: 600 }, basis: '省方案' })
  })

  it('has no method until a number is typed, and none that is half typed', () => {
    expect(ordered(draftOf(item({}))).scoring).toBeNull()
    expect(ordered({ ...draftOf(item({})), method: 'proportion', first: 95 }).scoring).toBeNull()
    expect(ordered({ ...draftOf(item({ definition: { unit: 'percent' } as never })), first: 95 }).scoring).toEqual({ method: 'band', low: 95, high: null })
  })

  it('begins with the baseline of the handbook', () => {
    expect(draftOf(item({ scoring: { method: 'band', low: null, high: 1800 } }))).toMatchObject({ method: 'band', first: '', second: 30 })
  })

  it('is on the list unless the platform holds no data of it', () => {
    expect(draftOf(item({ computed: false })).chosen).toBe(false)
    expect(draftOf(item({ kind: 'on_site', computed: false })).chosen).toBe(true)
  })
})

describe('words', () => {
  it('count civil days in China', () => {
    const evening = Date.parse('2026-12-01T15:59:00Z')
    expect(daysLeft('2026-12-02', evening)).toBe(1)
    expect(daysLeft('2026-12-02', evening + 120_000)).toBe(0)
    expect(daysLeft('2026-11-30', evening)).toBe(-1)
  })

  it('say points of what could be scored', () => {
    expect(totalText({ points: 13, of: 21.5, without: 4 })).toBe('13 / 21.5')
  })

  it('say a method in the unit of its indicator', () => {
    expect(methodNumbers({ method: 'slope', zero: 1800, full: 600 }, { unit: 's' } as never, 'zh-CN')).toEqual({ zero: '30 分', full: '10 分' })
  })
})
