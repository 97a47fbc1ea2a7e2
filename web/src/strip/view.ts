/** One strip on two canvases: the sheet that stands still and the pen layer that moves. */
import type { Labels } from './fetuses'
import { everyFrame } from './loop'
import {
  PaperGeometry,
  type PaperScale,
  type Palette,
  drawPaper,
  drawScaleNumbers,
} from './paper'
import type { StripRing } from './ring'
import { drawStretch } from './stretch'
import { hatchPattern } from './trace'

export interface StripViewOptions {
  paper: HTMLCanvasElement
  pen: HTMLCanvasElement
  ring: StripRing
  scale: PaperScale
  palette: Palette
  /** Seconds since the newest frame arrived; the live edge runs on when data stop. */
  edgeAgeSeconds: () => number
  label: (ms: number) => string
  fetuses: () => Labels
}

export class StripView {
  geometry: PaperGeometry
  private scale: PaperScale
  private palette: Palette
  private hatch: CanvasPattern | string
  /** Right edge in seconds of the recording; null = live. */
  private pinned: number | null = null
  private drawnVersion = -1
  private drawnRight = NaN
  private dirty = true
  private readonly stop: () => void
  private readonly paperCtx: CanvasRenderingContext2D
  private readonly penCtx: CanvasRenderingContext2D

  constructor(private readonly options: StripViewOptions) {
    this.paperCtx = context(options.paper)
    this.penCtx = context(options.pen)
    this.scale = options.scale
    this.palette = options.palette
    this.geometry = new PaperGeometry(options.scale, options.paper.clientWidth || 600)
    this.hatch = hatchPattern(this.penCtx, options.palette.hatch)
    this.resize(this.geometry.width)
    this.stop = everyFrame(() => this.draw())
  }

  resize(width: number): void {
    this.geometry = new PaperGeometry(this.scale, Math.max(120, Math.floor(width)))
    const ratio = window.devicePixelRatio || 1
    for (const canvas of [this.options.paper, this.options.pen]) {
      canvas.width = Math.round(this.geometry.width * ratio)
      canvas.height = Math.round(this.geometry.height * ratio)
      canvas.style.height = `${this.geometry.height}px`
    }
    this.paperCtx.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.penCtx.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.hatch = hatchPattern(this.penCtx, this.palette.hatch)
    drawPaper(this.paperCtx, this.geometry, this.palette)
    this.dirty = true
  }

  restyle(scale: PaperScale, palette: Palette): void {
    this.scale = scale
    this.palette = palette
    this.resize(this.geometry.width)
  }

  get live(): boolean {
    return this.pinned === null
  }

  goLive(): void {
    this.pinned = null
    this.dirty = true
  }

  /** Moves the paper by `seconds` (negative = back in time); reaching the edge is live again. */
  scroll(seconds: number): void {
    const { ring } = this.options
    if (ring.lastSeq === 0) return
    const earliest = Math.min(ring.lastSeq, ring.firstSeq + this.geometry.spanSeconds)
    const wanted = Math.max(earliest, this.right() + seconds)
    this.pinned = wanted >= this.liveEdge() ? null : wanted
    this.dirty = true
  }

  /** First and last whole second on the sheet now, as far as there are any. */
  get visible(): [number, number] {
    const { ring } = this.options
    const right = this.right()
    const first = Math.max(ring.firstSeq, Math.ceil(right - this.geometry.spanSeconds))
    return [first, Math.max(first, Math.min(ring.lastSeq, Math.floor(right) - 1))]
  }

  /** Moves the paper so that these seconds stand in its middle. */
  show(first: number, last: number): void {
    const middle = (first + last + 1 + this.geometry.spanSeconds) / 2
    this.scroll(middle - this.right())
  }

  /** The second of the recording at `x` pixels from the left, as the paper lies now. */
  secondAt(x: number): number {
    return this.right() - (this.geometry.width - x) / this.geometry.pxPerSecond
  }

  /** Where a second lies now, in pixels from the left. */
  xOf(second: number): number {
    return this.geometry.xOf(second, this.right())
  }

  dispose(): void {
    this.stop()
  }

  private liveEdge(): number {
    return this.options.ring.lastSeq + 1 + this.options.edgeAgeSeconds()
  }

  private right(): number {
    return this.pinned ?? this.liveEdge()
  }

  private draw(): void {
    const { ring, label } = this.options
    const geo = this.geometry
    const right = Math.round(this.right() * geo.pxPerSecond) / geo.pxPerSecond
    if (!this.dirty && ring.version === this.drawnVersion && right === this.drawnRight) return
    this.dirty = false
    this.drawnVersion = ring.version
    this.drawnRight = right
    const ctx = this.penCtx
    const ink = this.palette
    ctx.clearRect(0, 0, geo.width, geo.height)
    drawStretch(ctx, geo, ink, ring, right, this.hatch, label, this.options.fetuses())
    drawScaleNumbers(ctx, geo, ink)
  }
}

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ctx = canvas.getContext('2d')
  if (ctx === null) throw new Error('this browser has no 2D canvas')
  return ctx
}
