import { describe, expect, it } from 'vitest'

import { type LonLat, apart, middle, outline, project, saysOf, toneOf } from './map'
import type { Area } from './types'

const SQUARE: LonLat[] = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
const area = (change: Partial<Area>): Area => ({ id: 'a', kind: 'region', name: '甲县', level: 'county', n: 12, met: 6, value: 50, beside: null, worse: null, shape: null, point: null, ...change })

describe('the projection', () => {
  it('shows all of it, north above south, within the box', () => {
    const at = project([SQUARE], [[3, 1.5]], 400, 300)
    if (at === null) throw new Error('nothing to show')
    expect(at.y(2)).toBeLessThan(at.y(1))
    expect([at.x(1), at.x(3)].every((x) => x >= 28 && x <= 372)).toBe(true)
    expect(at.height).toBeLessThanOrEqual(300)
    expect(outline([SQUARE], at)).toMatch(/^M[\d. ]+(L[\d. ]+){4}Z$/)
    const centre = middle([SQUARE], at)
    expect(centre.x).toBeCloseTo(at.x(1.5), 3)
    expect(centre.y).toBeCloseTo(at.y(1.5), 3)
  })

  it('has nothing to show without outlines and places, and shows a place alone', () => {
    expect(project([], [], 400, 300)).toBeNull()
    expect(project([], [[1, 1]], 400, 300)?.height).toBeGreaterThan(0)
  })
})

it('moves names apart that would stand on each other', () => {
  const found = apart([{ x: 0, y: 10 }, { x: 50, y: 12 }, { x: 300, y: 12 }], 100, 30)
  expect(found.map((one) => one.y)).toEqual([10, 40, 12])
  expect(apart([{ x: 0, y: 10 }], 100, 30, [{ x: 20, y: 20 }]).map((one) => one.y)).toEqual([50])
})

describe('an area', () => {
  it.each([
    [area({ n: 0, value: null }), 'nobody', '–'],
    [area({ n: 0, value: 0 }), 'nobody', '–'],
    [area({}), 'plain', '50.00 %'],
    [area({ beside: 'within' }), 'fine', '● 50.00 %'],
    [area({ beside: 'above', worse: true }), 'worse', '▲ 50.00 %'],
    [area({ beside: 'below', worse: false }), 'fine', '▼ 50.00 %'],
    [area({ beside: 'below', worse: null }), 'off', '▼ 50.00 %'],
  ])('is coloured and marked', (one, tone, said) => {
    expect(toneOf(one)).toBe(tone)
    expect(saysOf(one, 'percent', 'zh')).toBe(said)
  })
})
