import { describe, expect, it } from 'vitest'

import { DEFAULT_SCALE, PaperGeometry } from './paper'
import { StripRing } from './ring'
import { drawGaps, drawHeartRate } from './trace'

/** Records what the pen does. */
class Pen {
  moves: [number, number][] = []
  lines: [number, number][] = []
  rects: [number, number][] = []
  strokeStyle = ''
  fillStyle: unknown = ''
  lineWidth = 1
  lineJoin = ''
  beginPath(): void {}
  stroke(): void {}
  moveTo(x: number, y: number): void {
    this.moves.push([x, y])
  }
  lineTo(x: number, y: number): void {
    this.lines.push([x, y])
  }
  fillRect(x: number, _y: number, width: number): void {
    this.rects.push([x, width])
  }
}

// 60 px per minute: one pixel per second.
const geo = new PaperGeometry({ ...DEFAULT_SCALE, pxPerCm: 60 }, 100)

function ringOf(values: Record<number, number | number[]>): StripRing {
  const ring = new StripRing(256)
  for (const [seq, value] of Object.entries(values)) {
    const quarters = Array.isArray(value) ? value.map((v) => v * 4) : new Array<number>(4).fill(value * 4)
    ring.put({
      seq: Number(seq), flags: 0, deviceMs: Number(seq) * 1000,
      fhr1: Uint16Array.from(quarters), fhr2: new Uint16Array(4), fhr3: new Uint16Array(4), mhr: new Uint16Array(4),
      toco: new Uint8Array(4), marks: new Uint16Array(4),
    })
  }
  return ring
}

function draw(ring: StripRing): Pen {
  const pen = new Pen()
  drawHeartRate(pen as unknown as CanvasRenderingContext2D, geo, ring, ring.fhr1, ring.lastSeq + 1, '#000', 1)
  return pen
}

describe('the pen', () => {
  it('draws a whole trace without lifting', () => {
    expect(draw(ringOf({ 1: 140, 2: 141, 3: 142 })).moves).toHaveLength(1)
  })

  it('lifts where the signal is lost', () => {
    expect(draw(ringOf({ 1: 140, 2: [140, 0, 0, 140], 3: 140 })).moves).toHaveLength(2)
  })

  it('never bridges missing seconds', () => {
    expect(draw(ringOf({ 1: 140, 5: 140 })).moves).toHaveLength(2)
  })

  it('does not join a jump nor draw values outside the paper', () => {
    expect(draw(ringOf({ 1: 140, 2: 70 })).moves).toHaveLength(2)
    expect(draw(ringOf({ 1: 140, 2: 250 })).lines).toHaveLength(draw(ringOf({ 1: 140 })).lines.length)
  })
})

describe('gaps', () => {
  function hatched(ring: StripRing, right: number): [number, number][] {
    const pen = new Pen()
    drawGaps(pen as unknown as CanvasRenderingContext2D, geo, ring, right, '#999')
    return pen.rects
  }

  it('are hatched over both lanes, exactly as wide as they last', () => {
    const rects = hatched(ringOf({ 1: 140, 2: 140, 6: 140 }), 7)
    expect(rects).toEqual([[geo.xOf(3, 7), 3], [geo.xOf(3, 7), 3]])
  })

  it('grow at the live edge when nothing comes, but not for the second under way', () => {
    const ring = ringOf({ 1: 140, 2: 140 })
    expect(hatched(ring, 4)).toEqual([])
    expect(hatched(ring, 13)).toHaveLength(2)
  })
})
