/**
 * The pen: draws a window of the ring onto the moving layer.
 *
 * The pen lifts where the signal is lost and never bridges missing seconds: those are hatched.
 */
import { FHR_MAX_BPM, FHR_MIN_BPM, type PaperGeometry, type Palette } from './paper'
import { SAMPLES_PER_SECOND, type StripRing, TOCO_LOST } from './ring'

const MARK_PATIENT = 1 << 8
const MARK_MOVEMENT = 1 << 9
const MARK_CLINICIAN = 1 << 10
const QUARTER = 4
/** A jump beyond this between neighbouring samples is not joined: two lines, not one cliff. */
const JOIN_LIMIT_QBPM = 30 * QUARTER

/** Draws one heart-rate channel (quarter-bpm, 0 = lost) from `from` to `to`, both frame numbers. */
export function drawHeartRate(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  samples: Uint16Array,
  rightSecond: number,
  colour: string,
  width: number,
): void {
  const [from, to] = visible(geo, ring, rightSecond)
  ctx.strokeStyle = colour
  ctx.lineWidth = width
  ctx.lineJoin = 'round'
  ctx.beginPath()
  let last = 0
  for (let seq = from; seq <= to; seq += 1) {
    if (!ring.has(seq)) {
      last = 0
      continue
    }
    const at = ring.indexOf(seq)
    for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
      const value = samples[at + i] ?? 0
      if (value < FHR_MIN_BPM * QUARTER || value > FHR_MAX_BPM * QUARTER) {
        last = 0
        continue
      }
      const x = geo.xOf(seq + i / SAMPLES_PER_SECOND, rightSecond)
      const y = geo.yOfBpm(value / QUARTER)
      if (last === 0 || Math.abs(value - last) > JOIN_LIMIT_QBPM) {
        ctx.moveTo(x, y)
        // A lone sample still leaves a dot.
        ctx.lineTo(x + 0.6, y)
      } else ctx.lineTo(x, y)
      last = value
    }
  }
  ctx.stroke()
}

export function drawToco(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  colour: string,
): void {
  const [from, to] = visible(geo, ring, rightSecond)
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
      const x = geo.xOf(seq + i / SAMPLES_PER_SECOND, rightSecond)
      const y = geo.yOfToco(raw / 2)
      if (down) ctx.lineTo(x, y)
      else ctx.moveTo(x, y)
      down = true
    }
  }
  ctx.stroke()
}

/** One bar per second under the heart rate; height carries the meaning as well as colour. */
export function drawQuality(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ring: StripRing,
  rightSecond: number,
  ink: Palette,
): void {
  const [from, to] = visible(geo, ring, rightSecond)
  const full = geo.qualityBottom - geo.qualityTop
  const width = Math.max(1, geo.pxPerSecond)
  for (let seq = from; seq <= to; seq += 1) {
    if (!ring.has(seq)) continue
    const quality = (ring.marks[ring.indexOf(seq)] ?? 0) & 3
    if (quality === 0) continue
    const height = (full * quality) / 3
    ctx.fillStyle = quality === 3 ? ink.good : quality === 2 ? ink.fair : ink.poor
    ctx.fillRect(geo.xOf(seq, rightSecond), geo.qualityBottom - height, width, height)
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
  const [from, to] = visible(geo, ring, rightSecond)
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

/** Frame numbers that can be on the sheet, clipped to what the ring holds. */
function visible(geo: PaperGeometry, ring: StripRing, rightSecond: number): [number, number] {
  const from = Math.max(ring.firstSeq, Math.floor(rightSecond - geo.spanSeconds) - 1, 1)
  return [from, Math.min(ring.lastSeq, Math.ceil(rightSecond))]
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
