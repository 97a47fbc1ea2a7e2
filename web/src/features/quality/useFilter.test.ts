import { describe, expect, it } from 'vitest'

import { apiQuery, fromQuery, toQuery } from './useFilter'

describe('the filter in the address', () => {
  it('is the last 30 days, everything visible, late entries counted', () => {
    expect(fromQuery({})).toEqual({ days: 30, region: '', facility: '', late: 'with', span: '', frozen: '' })
    expect(toQuery(fromQuery({}))).toEqual({})
  })

  it('survives the way there and back', () => {
    const filter = { days: 90, region: 'r1', facility: 'f1', late: 'without' as const, span: '2026-07-01..2026-09-30', frozen: 'p1' }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
  })

  it('does not take nonsense', () => {
    expect(fromQuery({ days: '31', late: 'x', region: ['a', 'b'] })).toEqual(fromQuery({}))
  })

  it('takes a quarter by its days in China, whatever day it is', () => {
    const quarter = fromQuery({ span: '2026-07-01..2026-09-30', days: '90' })
    expect(apiQuery(quarter, 0)).toMatchObject({ from: '2026-06-30T16:00:00.000Z', to: '2026-09-30T16:00:00.000Z' })
    for (const span of ['2026-09-30..2026-07-01', '2026-13-01..2026-14-01', 'yesterday']) {
      expect(fromQuery({ span }).span).toBe('')
    }
  })

  it('asks the server for exactly that period', () => {
    const now = Date.parse('2026-11-22T00:00:00Z')
    expect(apiQuery({ days: 7, region: 'r1', facility: '', late: 'with', span: '', frozen: '' }, now)).toEqual({
      from: '2026-11-15T00:00:00.000Z',
      to: '2026-11-22T00:00:00.000Z',
      region_id: 'r1',
      facility_id: null,
      late: 'with',
    })
    expect(apiQuery({ days: 7, region: '', facility: '', late: 'with', span: '', frozen: 'p1' }, now)['frozen']).toBe('p1')
  })
})
