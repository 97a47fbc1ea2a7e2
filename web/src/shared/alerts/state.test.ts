import { describe, expect, it } from 'vitest'

import type { PageTarget } from '@/api/types'

import { burst } from './sound'
import { type Alert, NO_ALERTS, againOf, arrived, listed, loudest, missingOf, priorityOf, settled } from './state'

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

  it('that rang since the list was asked for ring on, whatever the list says of them', () => {
    const again = { ...alert('again', 'critical', 1), step: 1 }
    const state = [alert('new', 'urgent', 5), again, alert('over', 'urgent', 3)].reduce(arrived, NO_ALERTS)
    const list = [alert('again', 'critical', 1), alert('other', 'stable', 2)]
    const open = listed(state, list, new Set(['new', 'again'])).open
    expect(ids(open)).toEqual(['again', 'new', 'other'])
    expect(open[0]?.step).toBe(1)
    expect(ids(listed(settled(state, 'new'), list, new Set(['new'])).open)).toEqual(['again', 'other'])
  })

  it('of an unknown level ring as the loudest', () => {
    expect(priorityOf('whatever')).toBe('high')
  })
})

describe('whoever is rung once more', () => {
  const at = { sent_at: null, delivered_at: null, seen_at: null, acknowledged_at: '2026-11-22T03:00:00Z', declined_at: '2026-11-22T03:01:00Z' }
  const target = (step: number, state: string, joined_at: string | null = null): PageTarget =>
    ({ person: { id: 'me', name: '', title: '' }, step, state, states: at, joined_at }) as PageTarget
  it.each([
    ['said yes and did not arrive', [target(0, 'acknowledged'), target(1, 'sent')], { answer: 'silent', since: at.acknowledged_at }],
    ['declined, and nobody came', [target(0, 'declined'), target(2, 'sent')], { answer: 'declined', since: at.declined_at }],
    ['is there', [target(0, 'acknowledged', at.seen_at ?? '2026-11-22T03:02:00Z'), target(1, 'sent')], undefined],
    ['did not answer', [target(0, 'unreachable'), target(1, 'sent')], undefined],
    ['is rung for the first time', [target(0, 'sent')], undefined],
  ])('%s', (_, targets, said) => {
    expect(againOf({ targets }, 'me')).toEqual(said)
  })

  it('is told which specialties are missing', () => {
    const need = (specialty: string, answered: number) => ({ specialty, needed: 1, answered, joined: 0 })
    expect(missingOf({ needs: [need('obstetrics', 1), need('anaesthesia', 0), need('*', 0)] })).toEqual(['anaesthesia'])
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
