import { describe, expect, it } from 'vitest'

import { midnights, monday, onDays, overlapping } from './week'

const at = (text: string): number => new Date(text).getTime()
const planned = (id: string, planned_at: string | null, minutes = 30) => ({ id, planned_at, minutes })
const START = monday(at('2026-11-27T15:00:00'))

describe('a week', () => {
  it.each([
    ['2026-11-23T00:00:00', 0, 23],
    ['2026-11-29T23:59:59', 0, 23],
    ['2026-11-27T15:00:00', 1, 30],
    ['2026-11-27T15:00:00', -1, 16],
  ])('of %s moved by %i begins on Monday the %ith', (when, by, day) => {
    const start = monday(at(when), by)
    expect([start.getDay(), start.getDate(), start.getHours()]).toEqual([1, day, 0])
  })

  it('has eight bounds', () => expect(midnights(START).map((day) => day.getDate())).toEqual([23, 24, 25, 26, 27, 28, 29, 30]))

  it('puts each under its day, by the time, and leaves out what has no time or another week', () => {
    const all = [planned('b', '2026-11-26T19:30:00'), planned('a', '2026-11-26T08:00:00'), planned('c', null), planned('d', '2026-11-30T00:00:00'), planned('e', '2026-11-23T00:00:00')]
    expect(onDays(all, START).map((day) => day.map((one) => one.id))).toEqual([['e'], [], [], ['a', 'b'], [], [], []])
  })

  it('knows which overlap; one that begins as another ends does not', () => {
    const all = [planned('a', '2026-11-26T08:00:00'), planned('b', '2026-11-26T08:30:00'), planned('c', '2026-11-26T08:45:00', 60), planned('d', null)]
    expect([...overlapping(all)].sort()).toEqual(['b', 'c'])
  })
})
