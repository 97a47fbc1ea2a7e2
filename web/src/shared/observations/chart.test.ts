import { describe, expect, it } from 'vitest'

import { lines, moments, placeX, placeY, ticks } from './chart'

describe('trend geometry', () => {
  it('spans all values with round ticks', () => {
    expect(ticks([84, 160])).toEqual([80, 100, 120, 140, 160])
    expect(ticks([36.8, 38.4])).toEqual([36.5, 37, 37.5, 38, 38.5])
    expect(ticks([98])).toHaveLength(2)
    expect(ticks([])).toEqual([])
  })

  it('puts readings into the box', () => {
    const axis = { from: 0, to: 100, low: 50, high: 150 }
    const size = { width: 200, height: 100 }
    expect(placeX(50, axis, size)).toBe(100)
    expect(placeY(150, axis, size)).toBe(0)
    expect(placeY(50, axis, size)).toBe(100)
    expect(moments(axis, 3)).toEqual([0, 50, 100])
  })

  it('never joins readings at home with those of the ward', () => {
    const readings = [
      { at: 3, value: 1, source: 'human' },
      { at: 1, value: 2, source: 'home' },
      { at: 2, value: 3, source: 'device' },
    ]
    expect(lines(readings).map((line) => line.map((one) => one.at))).toEqual([[1], [2, 3]])
  })
})
