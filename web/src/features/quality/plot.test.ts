import { describe, expect, it } from 'vitest'

import { bars, durationTicks, edges, levelTicks, lineOf, path, placeOf, rangeOf, yOf } from './plot'
import type { Bin } from './types'

const BOX = { width: 300, height: 100 }
const histogram: Bin[] = [
  { from_s: 0, to_s: 60, n: 4 },
  { from_s: 60, to_s: 120, n: 0 },
  { from_s: 120, to_s: 180, n: 1 },
]

describe('bars', () => {
  it('stand on the axis, the fullest as high as the box', () => {
    const drawn = bars(histogram, BOX, 170)
    expect(drawn.map((bar) => [bar.y, bar.height])).toEqual([[0, 100], [100, 0], [75, 25]])
    expect(drawn.every((bar) => bar.y + bar.height === BOX.height)).toBe(true)
  })

  it('show even one case among thousands', () => {
    const drawn = bars([{ from_s: 0, to_s: 60, n: 5000 }, { from_s: 60, to_s: 120, n: 1 }], BOX, 90)
    expect(drawn[1]?.height).toBeGreaterThanOrEqual(2)
  })

  it('mark the last one as open when something lies beyond it', () => {
    expect(bars(histogram, BOX, 170).map((bar) => bar.open)).toEqual([false, false, false])
    expect(bars(histogram, BOX, 400).map((bar) => bar.open)).toEqual([false, false, true])
  })
})

describe('the axis', () => {
  it.each([
    [0, 0],
    [90, 150],
    [180, 300],
    [9999, 300],
  ])('%i s stands at %i', (seconds, x) => {
    expect(placeOf(seconds, histogram, BOX)).toBe(x)
  })

  it('labels the ends, and fewer edges when there is little room', () => {
    expect(edges(histogram, 9)).toEqual([0, 60, 120, 180])
    expect(edges(histogram, 2)).toEqual([0, 180])
    expect(edges([], 5)).toEqual([])
  })

  it('ticks durations at readable steps up to the top', () => {
    expect(durationTicks(3300)).toEqual([0, 900, 1800, 2700, 3600])
    expect(durationTicks(60)).toEqual([0, 30, 60])
    expect(durationTicks(86_400 * 40, 5)).toHaveLength(4)
  })
})

it('moves a label to the next line when it would touch another', () => {
  expect(lineOf(100, [], 50)).toBe(0)
  expect(lineOf(100, [120], 50)).toBe(1)
  expect(lineOf(100, [120, 90, 300], 50)).toBe(2)
})

it('lifts the pen over months without cases', () => {
  expect(path([50, null, 75].map((y, i) => ({ x: 50 + 100 * i, y })))).toBe('M50 50M250 75')
  expect(path([{ x: 0, y: 1 }, { x: 10, y: 2 }])).toBe('M0 1L10 2')
})

describe('the axis of a chart', () => {
  it.each([
    ['a share with room around', [38, null, 42], false, 37.68, 42.32],
    ['never below zero', [0.1, 5], false, 0, 5.392],
    ['durations from zero to a readable value', [200, 950], true, 0, 1200],
    ['one value alone', [40], false, 36.8, 43.2],
    ['nothing at all', [null], false, 0, 1],
  ])('shows %s', (_, values, durations, bottom, top) => {
    const found = rangeOf(values, durations)
    expect(found.bottom).toBeCloseTo(bottom)
    expect(found.top).toBeCloseTo(top)
  })

  it('ticks at readable steps inside', () => {
    expect(levelTicks({ bottom: 37.68, top: 42.32 }, false)).toEqual([38, 39, 40, 41, 42])
    expect(levelTicks({ bottom: 0, top: 0.23 }, false)).toEqual([0, 0.05, 0.1, 0.15, 0.2])
    expect(levelTicks({ bottom: 0, top: 1200 }, true)).toEqual(durationTicks(1200))
  })

  it('has its bottom at the bottom', () => {
    const range = { bottom: 10, top: 20 }
    expect([10, 15, 20].map((value) => yOf(value, range, BOX))).toEqual([100, 50, 0])
  })
})
