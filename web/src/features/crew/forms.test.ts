import { describe, expect, it } from 'vitest'

import { FORMS, entryData, incomplete, momentOf } from './forms'

const AT = Date.parse('2026-11-22T03:07:41Z')

describe('entries of a few words', () => {
  it('leave out what nobody entered, and turn minutes into a moment', () => {
    const values = { eta: 20, reason: ' 堵车 ' }
    expect(entryData(FORMS.delay, values, AT)).toEqual({ eta: '2026-11-22T03:27:41.000Z', reason: '堵车' })
    expect(entryData(FORMS.depart, {}, AT)).toEqual({})
  })

  it('say what is missing', () => {
    expect(incomplete(FORMS.delay, { eta: 20 })).toBe(true)
    expect(incomplete(FORMS.delay, { eta: 20, reason: '堵车' })).toBe(false)
    expect(incomplete(FORMS.near, {})).toBe(false)
  })

  it('read a time of day as the last one that has passed', () => {
    const now = new Date(2026, 10, 22, 0, 10).getTime()
    expect(momentOf('00:05', now)).toBe(new Date(2026, 10, 22, 0, 5).getTime())
    expect(momentOf('23:55', now)).toBe(new Date(2026, 10, 21, 23, 55).getTime())
    expect(momentOf('', now)).toBeNull()
  })
})
