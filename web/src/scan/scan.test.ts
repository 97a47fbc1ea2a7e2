import { describe, expect, it } from 'vitest'

import { type Region, lengthOf } from './measure'
import { AS_IT_IS, type Scale, firstWindow, frameOf, isColour, paint, table, unpacked } from './pixels'
import { FITTED, frameMs, moved, stepped, zoomed } from './view'

const EIGHT: Scale = { bits: 8, offset: 0, inverted: false, slope: 1, intercept: 0, window_center: null, window_width: null }
const CM: Region = { x0: 0, y0: 0, x1: 99, y1: 99, unit_x: 'cm', unit_y: 'cm', delta_x: 0.04, delta_y: 0.04 }
const SPECTRUM: Region = { ...CM, x0: 10, y0: 10, x1: 60, y1: 60, unit_x: 's', unit_y: 'cm/s', delta_x: 0.01, delta_y: -0.5 }
const none = { regions: [], spacing_mm: null, spacing_at: '' }

describe('pixels', () => {
  it('takes a pack apart, and stops at a cut end', () => {
    const pack = new Uint8Array([2, 0, 0, 0, 7, 8, 1, 0, 0, 0, 9, 5, 0, 0, 0, 4])
    expect(unpacked(pack.buffer).map((one) => [...one])).toEqual([[7, 8], [9], [4]])
    expect(isColour(new Uint8Array(26).fill(2, 25))).toBe(true)
  })

  it('puts the two bytes of a deep grey together', () => {
    const deep: Scale = { ...EIGHT, bits: 16, offset: 32_768, slope: 2, intercept: -100 }
    const frame = frameOf({ width: 2, height: 1, data: new Uint8ClampedArray([128, 0, 0, 255, 128, 50, 0, 255]) }, deep, true)
    expect([...(frame.grey ?? [])]).toEqual([32_768, 32_818])
    expect(firstWindow(deep, frame)).toEqual({ center: -50, width: 100 })
    expect(firstWindow({ ...deep, window_center: 40, window_width: 80 }, frame)).toEqual({ center: 40, width: 80 })
    const greys = table(deep, { center: -50, width: 100 })
    expect([greys[32_768], greys[32_818]]).toEqual([0, 255])
    expect(table({ ...deep, inverted: true }, { center: -50, width: 100 })[32_768]).toBe(255)
  })

  it('leaves eight bits as they are until somebody turns', () => {
    const frame = frameOf({ width: 1, height: 1, data: new Uint8ClampedArray([90, 90, 90, 255]) }, EIGHT, false)
    const target = new Uint8ClampedArray(4)
    paint(frame, table(EIGHT, AS_IT_IS), target)
    expect([...target]).toEqual([90, 90, 90, 255])
    paint(frame, table(EIGHT, { center: 90, width: 100 }), target)
    expect(target[0]).toBe(128)
    const colour = frameOf({ width: 1, height: 1, data: new Uint8ClampedArray([1, 2, 3, 255]) }, EIGHT, true)
    paint(colour, table(EIGHT, AS_IT_IS), target)
    expect([...target]).toEqual([1, 2, 3, 255])
  })
})

describe('lengths', () => {
  it.each([
    ['a region of centimetres', { ...none, regions: [CM] }, { kind: 'mm', mm: 20, by: 'region' }],
    ['a spectrum inside it', { ...none, regions: [CM, SPECTRUM] }, { kind: 'axes', x: 0.3, unit_x: 's', y: 20, unit_y: 'cm/s' }],
    ['pixel spacing', { regions: [], spacing_mm: [0.5, 0.25] as const, spacing_at: 'pixel' }, { kind: 'mm', mm: Math.hypot(7.5, 20), by: 'pixel' }],
    ['a detector', { regions: [], spacing_mm: [1, 1] as const, spacing_at: 'imager' }, { kind: 'mm', mm: 50, by: 'imager' }],
    ['nothing', none, { kind: 'px', px: 50 }],
    ['a region without units', { ...none, regions: [{ ...CM, unit_x: '' }] }, { kind: 'px', px: 50 }],
    ['a region elsewhere', { ...none, regions: [{ ...CM, x1: 20 }], spacing_mm: [1, 1] as const }, { kind: 'px', px: 50 }],
  ])('by %s', (_, calibration, expected) => {
    const found = lengthOf({ x: 15, y: 15 }, { x: 45, y: 55 }, calibration)
    expect(found.kind).toBe(expected.kind)
    for (const [name, value] of Object.entries(expected)) {
      const got = (found as unknown as Record<string, unknown>)[name]
      if (typeof value === 'number') expect(got).toBeCloseTo(value, 6)
      else expect(got).toBe(value)
    }
  })
})

describe('the view', () => {
  it('zooms about a point that stays, and moves only what is larger than the stage', () => {
    const near = zoomed(FITTED, 2, { x: 100, y: 0 })
    expect(near).toEqual({ zoom: 2, x: -100, y: 0 })
    expect(moved(near, 5, 6)).toEqual({ zoom: 2, x: -95, y: 6 })
    expect(moved(FITTED, 5, 6)).toEqual(FITTED)
    expect(zoomed(near, 0.1)).toEqual(FITTED)
  })

  it('plays at the file’s speed and goes round', () => {
    expect([frameMs(40), frameMs(null), frameMs(1), frameMs(99_999)]).toEqual([40, 40, 1000 / 60, 2000])
    expect([stepped(4, 1, 5), stepped(0, -1, 5), stepped(0, 1, 1)]).toEqual([0, 4, 0])
  })
})
