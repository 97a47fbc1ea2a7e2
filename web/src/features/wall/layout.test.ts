import { describe, expect, it } from 'vitest'

import { MOST, SMALLEST, cellSize, layout } from './layout'

const HD = { width: 1910, height: 1000 }
const UHD = { width: 3830, height: 2080 }
const WARD = { width: 1430, height: 820 }

describe('layout', () => {
  it.each([
    [1, HD, 1, 1],
    [4, HD, 2, 2],
    [9, HD, 3, 3],
    [16, HD, 4, 4],
    [64, UHD, 8, 8],
  ])('hangs %i strips on %o as %i × %i', (count, space, columns, rows) => {
    expect(layout(count, space)).toMatchObject({ columns, rows })
  })

  it('has a place for every strip on every usual screen, and no cell too small to read', () => {
    for (const space of [HD, UHD, WARD]) {
      for (let count = 1; count <= MOST; count += 1) {
        const { columns, rows, perScreen } = layout(count, space)
        expect(space.width / columns).toBeGreaterThanOrEqual(SMALLEST.width)
        expect(space.height / rows).toBeGreaterThanOrEqual(SMALLEST.height)
        expect(perScreen).toBeGreaterThanOrEqual(count)
      }
    }
  })

  it('turns to a second screen where not all are readable', () => {
    expect(layout(64, { width: 760, height: 500 })).toEqual({ columns: 5, rows: 5, perScreen: 25 })
  })

  it('keeps room for enlarged strips', () => {
    const { columns, rows, perScreen } = layout(14, HD, 2)
    expect(columns * rows).toBeGreaterThanOrEqual(14 + 2 * 3)
    expect(perScreen).toBeGreaterThanOrEqual(14)
  })

  it('survives a page without size', () => {
    expect(layout(3, { width: 0, height: 0 })).toEqual({ columns: 1, rows: 1, perScreen: 1 })
  })
})

describe('cellSize', () => {
  it.each([[950, 500, 'huge'], [500, 280, 'large'], [300, 180, 'medium'], [178, 102, 'small']] as const)('%i × %i is %s', (width, height, size) => {
    expect(cellSize(width, height)).toBe(size)
  })
})
