import { describe, expect, it } from 'vitest'

import { apiQuery, fromQuery, toQuery } from './useFilter'

describe('the filter in the address', () => {
  it('is the last 30 days, everything visible, late entries counted', () => {
    expect(fromQuery({})).toEqual({ days: 30, region: '', facility: '', late: 'with', frozen: '' })
    expect(toQuery(fromQuery({}))).toEqual({})
  })

  it('survives the way there and back', () => {
    const filter = { days: 90, region: 'r1', facility: 'f1', late: 'without' as const, frozen: 'p1' }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
  })

  it('does not take nonsense', () => {
    expect(fromQuery({ days: '31', late: 'x', region: ['a', 'b'] })).toEqual(fromQuery({}))
  })

  it('asks the server for exactly that period', () => {
    const now = Date.parse('2026-11-22T00:00:00Z')
    expect(apiQuery({ days: 7, region: 'r1', facility: '', late: 'with', frozen: '' }, now)).toEqual({
      from: '2026-11-15T00:00:00.000Z',
      to: '2026-11-22T00:00:00.000Z',
      region_id: 'r1',
      facility_id: null,
      late: 'with',
    })
    expect(apiQuery({ days: 7, region: '', facility: '', late: 'with', frozen: 'p1' }, now)['frozen']).toBe('p1')
  })
})
