import { describe, expect, it } from 'vitest'

import { burst } from './sound'
import { type Alert, NO_ALERTS, arrived, listed, loudest, priorityOf, settled } from './state'

function alert(pageId: string, level: string, minute: number): Alert {
  return {
    pageId, level, caseId: `case-${pageId}`, reason: '', title: '', step: 0,
    drill: false,
    createdAt: `2026-11-22T03:${String(minute).padStart(2, '0')}:00Z`,
  }
}
const ids = (alerts: readonly Alert[]) => alerts.map((a) => a.pageId)

describe('alerts', () => {
  it('stand most urgent first, then longest waiting', () => {
    let state = arrived(NO_ALERTS, alert('urgent', 'urgent', 1))
    state = arrived(state, alert('late', 'critical', 9))
    state = arrived(state, alert('early', 'resuscitation', 5))
    expect(ids(state.open)).toEqual(['early', 'late', 'urgent'])
    expect(loudest(state)).toBe('high')
  })

  it('come back from the server after a reload', () => {
    expect(ids(listed(NO_ALERTS, [alert('a', 'urgent', 1)]).open)).toEqual(['a'])
  })

  it('ring no more once answered, even if the item is sent again', () => {
    let state = settled(arrived(NO_ALERTS, alert('a', 'critical', 1)), 'a')
    expect(loudest(state)).toBeNull()
    state = arrived(state, alert('a', 'critical', 1))
    state = listed(state, [alert('a', 'critical', 1), alert('b', 'urgent', 2)])
    expect(ids(state.open)).toEqual(['b'])
  })

  it('ring again when the page comes back at a later step: a yes and then silence', () => {
    const state = settled(arrived(NO_ALERTS, alert('a', 'critical', 1)), 'a')
    const again = { ...alert('a', 'critical', 1), step: 1 }
    expect(ids(arrived(state, again).open)).toEqual(['a'])
    expect(ids(listed(state, [again]).open)).toEqual(['a'])
    expect(ids(arrived(settled(arrived(state, again), 'a'), again).open)).toEqual([])
  })

  it('replace themselves when the same page climbs a step', () => {
    const state = arrived(arrived(NO_ALERTS, alert('a', 'urgent', 1)), { ...alert('a', 'urgent', 1), step: 1 })
    expect(state.open).toHaveLength(1)
    expect(state.open[0]?.step).toBe(1)
  })

  it('of an unknown level ring as the loudest', () => {
    expect(priorityOf('whatever')).toBe('high')
  })
})

describe('bursts', () => {
  it('have ten, three and two pulses by priority (IEC 60601-1-8 table 3)', () => {
    expect((['high', 'medium', 'low'] as const).map((p) => burst('page', p).pulses.length)).toEqual([10, 3, 2])
  })

  it('sound different for a page, a strip alarm and a message', () => {
    const melodies = (['page', 'ctg', 'message'] as const).map((v) => burst(v, 'high').pulses.map((p) => p.hz).join())
    expect(new Set(melodies).size).toBe(3)
  })

  it('repeat, except for messages and tests', () => {
    expect(burst('page', 'low').everyMs).toBeGreaterThan(0)
    expect([burst('message', 'high').everyMs, burst('test', 'high').everyMs]).toEqual([0, 0])
  })
})
