import { describe, expect, it } from 'vitest'

import { Moments } from './when'

const T0 = Date.parse('2026-11-27T08:00:00Z')

function heard(offsetMs: number, ...seconds: [number, number][]): Moments {
  const made = new Moments(offsetMs)
  for (const [seq, ms] of seconds) made.add(seq, T0 + ms)
  return made
}

describe('moments of a recording', () => {
  it('counts fractions of a second', () => {
    const made = heard(0, [1, 0], [2, 1000], [3, 2000])
    expect(made.secondAt(T0 + 1250)).toBeCloseTo(2.25)
    expect(made.secondAt(T0 - 500)).toBeCloseTo(0.5)
    expect(made.secondAt(T0 + 4000)).toBeCloseTo(5)
  })

  it('puts seconds on the clock of the server', () => {
    const made = heard(-5_400, [1, 0], [2, 1000])
    expect(made.secondAt(T0 - 5_400 + 700)).toBeCloseTo(1.7)
  })

  it('follows a sender whose seconds are a little long, and is not late after an hour of them', () => {
    const made = heard(0)
    for (let seq = 1; seq <= 3600; seq += 1) made.add(seq, T0 + (seq - 1) * 1001)
    expect(made.secondAt(T0 + 3000 * 1001 + 500)).toBeCloseTo(3001.5)
    // Counted back from the newest second alone it is half a second off: that is what this replaces.
    expect(Math.abs(3600 + (T0 + 500 - (T0 + 3599 * 1001)) / 1000 - 1.5)).toBeGreaterThan(3)
  })

  it('stands still at the end of a second until the next one begins, and goes on through what is missing', () => {
    const made = heard(0, [1, 0], [2, 1400], [9, 8400])
    expect(made.secondAt(T0 + 1300)).toBe(2)
    expect(made.secondAt(T0 + 4400)).toBeCloseTo(5)
  })

  it('knows where there is nothing', () => {
    const made = heard(0, [1, 0], [2, 1000])
    expect([-1, 0, 1999, 2000].map((ms) => made.covers(T0 + ms))).toEqual([false, true, true, false])
    expect(new Moments().covers(T0)).toBe(false)
    expect(new Moments().secondAt(T0)).toBe(0)
  })

  it('leaves repeats out', () => {
    const made = heard(0, [1, 0], [2, 1000], [1, 9000], [2, 9000])
    expect(made.secondAt(T0 + 1500)).toBeCloseTo(2.5)
  })
})
