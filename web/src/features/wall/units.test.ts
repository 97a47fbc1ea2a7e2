import { describe, expect, it } from 'vitest'

import { SMALLEST } from './layout'
import { HEADING, rowsOf, runs, unitLayout } from './units'

const HD = { width: 1910, height: 1000 }

describe('units', () => {
  it('are runs of neighbours', () => {
    const places = ['a', 'a', 'b', 'a'].map((key) => ({ key, name: key }))
    expect(runs(places).map(({ key, count }) => [key, count])).toEqual([['a', 2], ['b', 1], ['a', 1]])
  })

  it.each([
    [[3, 5], 4, [3, 4, 1]],
    [[8], 4, [4, 4]],
    [[1, 1], 3, [1, 1]],
    [[0], 3, []],
  ])('of %j in %i columns fill rows of %j', (counts, columns, rows) => expect(rowsOf(counts, columns)).toEqual(rows))
})

describe('a wall of units', () => {
  it.each([[[4, 4]], [[6, 2, 8]], [[1, 1, 1, 1]], [[20, 12, 9]]])('of %j keeps every strip readable', (counts) => {
    const plan = unitLayout(counts, HD)
    expect(plan).not.toBeNull()
    const { columns, rows, perScreen } = plan ?? { columns: 0, rows: 0, perScreen: 0 }
    expect(HD.width / columns).toBeGreaterThanOrEqual(SMALLEST.width)
    expect((HD.height - counts.length * HEADING) / rows).toBeGreaterThanOrEqual(SMALLEST.height)
    expect(rowsOf(counts, columns)).toHaveLength(rows)
    expect(perScreen).toBe(counts.reduce((sum, count) => sum + count, 0))
  })

  it('hangs without names where not all would be readable', () => {
    expect(unitLayout(Array.from({ length: 20 }, () => 1), { width: 900, height: 600 })).toBeNull()
  })
})
