import { describe, expect, it } from 'vitest'

import { hourMinute, listTime } from '@/shared/format/time'

import { aChange, aShift } from './fixtures'
import { chinaDay, dayStart, period, sorted, toApprove } from './words'

describe('a change', () => {
  it('says a period with the date once when it can', () => {
    const [from, to, next] = ['2026-11-27T04:00:00Z', '2026-11-27T10:00:00Z', '2026-11-28T04:00:00Z']
    expect(period(aShift({ from, to }))).toBe(`${listTime(from)} – ${hourMinute(to)}`)
    expect(period(aShift({ from, to: next }))).toBe(`${listTime(from)} – ${listTime(next)}`)
  })

  it('comes first when it waits for me', () => {
    const mine = aChange({ id: 'a', actions: ['accept', 'refuse'] })
    const waiting = aChange({ id: 'b', actions: ['withdraw'] })
    const over = aChange({ id: 'c', state: 'applied', actions: [] })
    const found = sorted([over, waiting, mine])
    expect([found.answer, found.waiting, found.over].map((list) => list.map((one) => one.id))).toEqual([['a'], ['b'], ['c']])
  })

  it('is approved in the order of its deadline', () => {
    const late = aChange({ id: 'late', state: 'agreed', actions: ['approve'], expires_at: '2026-11-29T00:00:00Z' })
    const soon = aChange({ id: 'soon', kind: 'takeover', state: 'in_force', actions: ['approve'], approve_by: '2026-11-27T00:00:00Z' })
    const other = aChange({ id: 'other', actions: ['withdraw'] })
    expect(toApprove([late, other, soon]).map((one) => one.id)).toEqual(['soon', 'late'])
  })

  it('begins a day in China', () => {
    expect(chinaDay(Date.parse('2026-11-26T17:00:00Z'))).toBe('2026-11-27')
    expect(Date.parse(dayStart('2026-11-27'))).toBe(Date.parse('2026-11-26T16:00:00Z'))
  })
})
