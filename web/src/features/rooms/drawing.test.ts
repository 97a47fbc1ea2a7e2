import { describe, expect, it } from 'vitest'

import { endsOf, headOf, isSlip, labelAt, pixels, standing, type StillMark, undoable, within } from './drawing'

const mark = (n: number, mine: boolean, undone_by: number | null = null): StillMark => ({
  n, kind: 'arrow', ax: 0, ay: 0, bx: 10, by: 0, colour: 'yellow', text: '', person: null, at: '2026-11-22T02:00:00Z', undone_by, mine,
})

describe('marks on a still', () => {
  it('stand until they are taken back, by whoever drew them', () => {
    const marks = [mark(1, true), mark(2, true, 4), mark(3, false)]
    expect(standing(marks).map((one) => one.n)).toEqual([1, 3])
    expect(undoable(marks)?.n).toBe(1)
    expect(undoable([mark(3, false)])).toBeNull()
  })

  it('have heads and ends where they belong', () => {
    expect(headOf({ x: 0, y: 0 }, { x: 10, y: 0 }, 4)).toContain('L 10 0 L')
    expect(endsOf({ x: 0, y: 0 }, { x: 10, y: 0 }, 2)).toBe('M 0 2 L 0 -2 M 10 2 L 10 -2')
    expect(pixels({ x: 0, y: 0 }, { x: 3, y: 4 })).toBe(5)
  })

  it('are no slips, and lie on the picture', () => {
    expect(isSlip('ellipse', { x: 0, y: 0 }, { x: 1, y: 1 }, 1280)).toBe(true)
    expect(isSlip('text', { x: 0, y: 0 }, { x: 0, y: 0 }, 1280)).toBe(false)
    expect(within({ x: -3, y: 900.44 }, 1280, 720)).toEqual({ x: 0, y: 720 })
  })
})

describe('words beside a mark', () => {
  it('run towards the middle and are not cut off above', () => {
    expect(labelAt({ x: 10, y: 200 }, 640, 16)).toEqual({ x: 10, y: 192, anchor: 'start' })
    expect(labelAt({ x: 630, y: 200 }, 640, 16).anchor).toBe('end')
    expect(labelAt({ x: 10, y: 4 }, 640, 16).y).toBeGreaterThan(16)
  })
})
