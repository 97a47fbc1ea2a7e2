import { describe, expect, it } from 'vitest'

import { type StripAlarm, alarmRank, readAlarm, sorted, sounding, withAlarm } from './alarms'

const alarm = (change: Partial<StripAlarm>): StripAlarm => ({
  id: 'a', kind: 'bradycardia', channel: 1, priority: 'high', state: 'active', raisedAt: '2026-11-26T03:00:00Z',
  valueBpm: 92, acknowledgedBy: null, silencedUntil: null, version: 1, ...change,
})

describe('readAlarm', () => {
  it('reads what the gateway says', () => {
    const word = { id: 'a', kind: 'tachycardia', channel: 2, priority: 'medium', state: 'silenced', raised_at: 't', version: 3, value_bpm: 171.5, silenced_until: 'u' }
    expect(readAlarm(word)).toEqual(alarm({ kind: 'tachycardia', channel: 2, priority: 'medium', state: 'silenced', raisedAt: 't', version: 3, valueBpm: 171.5, silencedUntil: 'u' }))
  })

  it('takes a word it does not know as the loudest', () => {
    expect(readAlarm({ id: 'a', kind: 'new', priority: '?', state: '?' })).toMatchObject({ priority: 'high', state: 'active' })
  })

  it.each([null, 'x', {}, { id: 'a' }, { kind: 'x' }])('is not fooled by %o', (word) => expect(readAlarm(word)).toBeNull())
})

describe('alarms of a strip', () => {
  it('keeps the newest word on each, drops the closed', () => {
    const first = withAlarm([], alarm({ version: 2, state: 'acknowledged' }))
    expect(withAlarm(first, alarm({ version: 1 }))).toBe(first)
    expect(withAlarm(first, alarm({ version: 3, state: 'closed' }))).toEqual([])
  })

  it('shows what sounds before what is taken', () => {
    const all = [alarm({ id: 'taken', state: 'acknowledged' }), alarm({ id: 'low', priority: 'low' }), alarm({ id: 'over', state: 'latched' }), alarm({ id: 'high' })]
    expect(sorted(all).map((one) => one.id)).toEqual(['high', 'low', 'over', 'taken'])
  })

  it('sounds for active ones only', () => {
    expect(sounding([alarm({ state: 'silenced' }), alarm({ priority: 'low' }), alarm({ state: 'latched' })])).toBe('low')
    expect(sounding([alarm({ state: 'acknowledged' })])).toBeNull()
  })

  it('ranks by what nobody has answered', () => {
    expect(alarmRank([alarm({ state: 'latched' })])).toBe(0)
    expect(alarmRank([alarm({ state: 'acknowledged' }), alarm({ priority: 'low' })])).toBe(2)
    expect(alarmRank([alarm({ state: 'acknowledged' })])).toBeNull()
  })
})
