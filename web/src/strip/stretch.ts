/** Everything that moves with the paper, in the order of drawing: time, gaps, signal, toco, rates with their fetuses' letters, marks. */
import { LABELS, type Labels } from './fetuses'
import { type PaperGeometry, type Palette, drawTimeGrid } from './paper'
import type { StripRing } from './ring'
import { drawGaps, drawHeartRate, drawLetter, drawMarks, drawQuality, drawToco } from './trace'

/** Draws the stretch that ends at `right` (seconds of the recording) onto a ruled sheet. */
export function drawStretch(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ink: Palette,
  ring: StripRing,
  right: number,
  hatch: CanvasPattern | string,
  label: (ms: number) => string,
  fetuses: Labels = LABELS,
): void {
  if (ring.lastSeq === 0) return
  drawTimeGrid(ctx, geo, ink, ring.deviceMsOf(right), label)
  drawGaps(ctx, geo, ring, right, hatch)
  drawQuality(ctx, geo, ring, right, ink)
  drawToco(ctx, geo, ring, right, ink.toco)
  if (ring.hasMaternal) drawHeartRate(ctx, geo, ring, ring.mhr, right, ink.mhr, 1)
  if (ring.hasTriplet) drawHeartRate(ctx, geo, ring, ring.fhr3, right, ink.fhr3, 1.3)
  if (ring.hasTwin) drawHeartRate(ctx, geo, ring, ring.fhr2, right, ink.fhr2, 1.3)
  drawHeartRate(ctx, geo, ring, ring.fhr1, right, ink.fhr1, 1.5)
  if (ring.hasTwin || ring.hasTriplet) {
    drawLetter(ctx, geo, ring, ring.fhr1, right, ink.fhr1, fetuses[0])
    if (ring.hasTwin) drawLetter(ctx, geo, ring, ring.fhr2, right, ink.fhr2, fetuses[1])
    if (ring.hasTriplet) drawLetter(ctx, geo, ring, ring.fhr3, right, ink.fhr3, fetuses[2])
  }
  drawMarks(ctx, geo, ring, right, ink.mark)
}
