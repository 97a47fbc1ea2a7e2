/**
 * The pen: draws a window of the ring onto the moving layer.
 *
 * The pen lifts where the signal is lost and never bridges missing seconds: those are hatched.
 */
import type { PaperGeometry, Palette } from './paper'
import { SAMPLES_PER_SECOND, type StripRing, TOCO_LOST, isRate } from './ring'

const MARK_PATIENT = 1 << 8
const MARK_MOVEMENT = 1 << 9
const MARK_CLINICIAN = 1 << 10
const QUARTER = 4
const HATCH_PX = 8
const LETTER_PX = 12
const LETTER_FONT = `700 ${LETTER_PX}px sans-serif`
/** A jump beyond this between neighbouring samples is not joined: two lines, not one cliff. */
const JOIN_LIMIT_QBPM = 30 * QUARTER

/** Below this many pixels a second, samples of one half pixel are drawn as one stroke. */
const DENSE_PX = 0.75

/** Draws one heart-rate channel (quarter-bpm, 0 = lost) over the visible stretch. */
export function drawHeartRate(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  samples: Uint16Array,
  rightSecond: number,
  colour: string,
  width: number,
): void {
  ctx.strokeStyle = colour
  ctx.lineWidth = width
  ctx.lineJoin = 'round'
  ctx.beginPath()
  if (geo.pxPerSecond < DENSE_PX) denseRate(ctx, geo, ring, samples, rightSecond)
  else sparseRate(ctx, geo, ring, samples, rightSecond)
  ctx.stroke()
}

function lost(value: number): boolean {
  return !isRate(value)
}

/** y of a rate; what lies beyond the lane is drawn on its edge, never left out. */
function rateY(geo: PaperGeometry, quarters: number): number {
  return geo.yOfBpm(Math.min(geo.highBpm, Math.max(geo.lowBpm, quarters / QUARTER)))
}

function sparseRate(ctx: CanvasRenderingContext2D, geo: PaperGeometry, ring: StripRing, samples: Uint16Array, rightSecond: number): void {
  const to = lastVisible(ring, rightSecond)
  let last = 0
  for (let seq = firstVisible(geo, ring, rightSecond); seq <= to; seq += 1) {
    if (!ring.has(seq)) {
      last = 0
      continue
    }
    const at = ring.indexOf(seq)
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      const value = samples[at + i] ?? 0
      if (lost(value)) {
        last = 0
        continue
      }
      const x = geo.xOf(seq + i / SAMPLES_PER_SECOND, rightSecond)
      const y = rateY(geo, value)
      if (last === 0 || Math.abs(value - last) > JOIN_LIMIT_QBPM) {
        ctx.moveTo(x, y)
        // A lone sample still leaves a dot.
        ctx.lineTo(x + 0.6, y)
      } else ctx.lineTo(x, y)
      last = value
    }
  }
}

/** Lowest and highest of each half pixel: no dip is lost, and no thousand points share a pixel. */
function denseRate(ctx: CanvasRenderingContext2D, geo: PaperGeometry, ring: StripRing, samples: Uint16Array, rightSecond: number): void {
  const to = lastVisible(ring, rightSecond)
  let last = 0
  let column = -1
  let low = 0
  let high = 0
  for (let seq = firstVisible(geo, ring, rightSecond); seq <= to; seq += 1) {
    if (!ring.has(seq)) {
      last = 0
      continue
    }
    const at = ring.indexOf(seq)
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      const value = samples[at + i] ?? 0
      if (lost(value)) {
        last = 0
        continue
      }
      const half = Math.floor(geo.xOf(seq + i / SAMPLES_PER_SECOND, rightSecond) * 2)
      const x = half / 2
      const lifted = last === 0 || Math.abs(value - last) > JOIN_LIMIT_QBPM
      if (lifted) {
        ctx.moveTo(x, rateY(geo, value))
        ctx.lineTo(x + 0.6, rateY(geo, value))
      }
      if (lifted || half !== column) {
        if (!lifted) ctx.lineTo(x, rateY(geo, value))
        column = half
        low = high = value
      } else if (value < low || value > high) {
        ctx.lineTo(x, rateY(geo, value))
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
      last = value
    }
  }
}

export function drawToco(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  colour: string,
): void {
  const from = firstVisible(geo, ring, rightSecond)
  const to = lastVisible(ring, rightSecond)
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.4
  ctx.beginPath()
  let down = false
  for (let seq = from; seq <= to; seq += 1) {
    if (!ring.has(seq)) {
      down = false
      continue
    }
    const at = ring.indexOf(seq)
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      const raw = ring.toco[at + i] ?? TOCO_LOST
      if (raw === TOCO_LOST) {
        down = false
        continue
      }
      // Toco is slow: in a small cell one sample a second says it all.
      if (i > 0 && down && geo.pxPerSecond < DENSE_PX) continue
      const x = geo.xOf(seq + i / SAMPLES_PER_SECOND, rightSecond)
      const y = geo.yOfToco(raw / 2)
      if (down) ctx.lineTo(x, y)
      else ctx.moveTo(x, y)
      down = true
    }
  }
  ctx.stroke()
}

/** The fetus's letter over the newest valid sample on the sheet: traces are told apart by more than colour. */
export function drawLetter(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  samples: Uint16Array,
  rightSecond: number,
  colour: string,
  letter: string,
): void {
  const from = firstVisible(geo, ring, rightSecond)
  for (let seq = lastVisible(ring, rightSecond); seq >= from; seq -= 1) {
    const at = ring.indexOf(seq)
    if (!ring.has(seq) || lost(samples[at] ?? 0)) continue
    ctx.fillStyle = colour
    ctx.font = LETTER_FONT
    ctx.textBaseline = 'alphabetic'
    const x = Math.min(geo.xOf(seq, rightSecond), geo.width) - LETTER_PX
    ctx.fillText(letter, x, Math.max(geo.fhrTop + LETTER_PX, rateY(geo, samples[at] ?? 0) - LETTER_PX / 2))
    return
  }
}

/** Bars under the heart rate; height carries the meaning as well as colour. */
export function drawQuality(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  ink: Palette,
): void {
  const to = lastVisible(ring, rightSecond)
  const full = geo.qualityBottom - geo.qualityTop
  let start = 0
  let shown = 0
  for (let seq = firstVisible(geo, ring, rightSecond); seq <= to + 1; seq += 1) {
    const quality = seq <= to && ring.has(seq) ? (ring.marks[ring.indexOf(seq)] ?? 0) & 3 : 0
    if (quality === shown) continue
    if (shown > 0) {
      const height = (full * shown) / 3
      const x = geo.xOf(start, rightSecond)
      ctx.fillStyle = shown === 3 ? ink.good : shown === 2 ? ink.fair : ink.poor
      ctx.fillRect(x, geo.qualityBottom - height, geo.xOf(seq, rightSecond) - x, height)
    }
    start = seq
    shown = quality
  }
}

/** Hatches every second that is missing between the first frame and the right edge. */
export function drawGaps(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  hatch: CanvasPattern | string,
): void {
  if (ring.firstSeq === 0) return
  const left = Math.max(ring.firstSeq, Math.floor(rightSecond - geo.spanSeconds))
  const right = Math.floor(rightSecond)
  ctx.fillStyle = hatch
  let start = 0
  for (let seq = left; seq <= right; seq += 1) {
    const missing = seq < right && !ring.has(seq)
    if (missing && start === 0) start = seq
    if (!missing && start !== 0) {
      // The second under way at the live edge is not a gap yet.
      if (start <= ring.lastSeq || right - start > 2) hatchBlock(ctx, geo, start, seq, rightSecond)
      start = 0
    }
  }
}

/** Patient event ▲, fetal movement |, clinician mark ◆ on the toco base line. */
export function drawMarks(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  colour: string,
): void {
  const from = firstVisible(geo, ring, rightSecond)
  const to = lastVisible(ring, rightSecond)
  ctx.fillStyle = colour
  for (let seq = from; seq <= to; seq += 1) {
    if (!ring.has(seq)) continue
    const at = ring.indexOf(seq)
    let marks = 0
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) marks |= ring.marks[at + i] ?? 0
    const x = geo.xOf(seq, rightSecond)
    if ((marks & MARK_MOVEMENT) !== 0) ctx.fillRect(x, geo.tocoTop, 2, 8)
    if ((marks & MARK_PATIENT) !== 0) triangle(ctx, x, geo.tocoBottom)
    if ((marks & MARK_CLINICIAN) !== 0) ctx.fillRect(x - 3, geo.fhrTop, 6, 6)
  }
}

/** First frame number that can be on the sheet, clipped to what the ring holds. */
function firstVisible(geo: PaperGeometry, ring: StripRing, rightSecond: number): number {
  return Math.max(ring.firstSeq, Math.floor(rightSecond - geo.spanSeconds) - 1, 1)
}

function lastVisible(ring: StripRing, rightSecond: number): number {
  return Math.min(ring.lastSeq, Math.ceil(rightSecond))
}

function hatchBlock(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  from: number,
  to: number,
  rightSecond: number,
): void {
  const x = geo.xOf(from, rightSecond)
  const width = (to - from) * geo.pxPerSecond
  ctx.fillRect(x, geo.fhrTop, width, geo.fhrBottom - geo.fhrTop)
  ctx.fillRect(x, geo.tocoTop, width, geo.tocoBottom - geo.tocoTop)
}

function triangle(ctx: CanvasRenderingContext2D, x: number, base: number): void {
  ctx.beginPath()
  ctx.moveTo(x, base - 10)
  ctx.lineTo(x + 5, base)
  ctx.lineTo(x - 5, base)
  ctx.fill()
}

/** Diagonal lines, made once per size and theme. */
export function hatchPattern(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = HATCH_PX
  const pen = tile.getContext('2d')
  if (pen === null) return colour
  pen.strokeStyle = colour
  pen.lineWidth = 1.2
  pen.beginPath()
  pen.moveTo(0, HATCH_PX)
  pen.lineTo(HATCH_PX, 0)
  pen.stroke()
  return ctx.createPattern(tile, 'repeat') ?? colour
}
