import { describe, expect, it } from 'vitest'

import { alarm } from './fixtures'
import { FIELDS, broken, ordered, unanswered } from './list'

describe('the list of alarms', () => {
  it('puts what nobody has taken first, then the gravest, then the longest waiting', () => {
    const names = ordered([
      alarm({ id: 'taken', state: 'acknowledged', priority: 'high' }),
      alarm({ id: 'low', priority: 'low', raised_at: '2026-11-22T03:00:00Z' }),
      alarm({ id: 'newer', raised_at: '2026-11-22T03:05:00Z' }),
      alarm({ id: 'older', state: 'latched', raised_at: '2026-11-22T03:01:00Z' }),
    ]).map((one) => one.id)
    expect(names).toEqual(['older', 'newer', 'low', 'taken'])
  })

  it('counts a paused and a resolved alarm as unanswered', () => {
    expect(['active', 'silenced', 'latched', 'acknowledged', 'closed'].map((state) => unanswered({ state: state as never }))).toEqual([
      true, true, true, false, false,
    ])
  })

  it('says which limit was broken', () => {
    expect(broken(alarm())).toBe('< 110 bpm, 30 s')
    expect(broken(alarm({ kind: 'battery_low' }))).toBe('')
  })

  it('shows every limit once', () => {
    const shown = FIELDS.flatMap(([, fields]) => fields)
    expect(shown.sort()).toEqual(Object.keys(alarm().limits).sort())
  })
})
