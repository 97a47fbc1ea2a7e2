/**
 * One strip in a wall's cell: one opaque canvas, drawn only when a pixel of it would change.
 *
 * Every cell of one size shares one ruled sheet, drawn once. Nothing is allocated while drawing.
 */
import type { Labels } from './fetuses'
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

/** What a cell of this height can carry. */
export interface CellPlan {
  geometry: PaperGeometry
  ratio: number
  numbers: boolean
}

/** Below these heights (CSS pixels) a row would cost the heart rate more than it says. */
const WITH_TIME_PX = 110
const WITH_NUMBERS_PX = 150
/** Usual range of the wall's heart-rate lane, bpm: below and above it the pen stays at the edge. */
export const WALL_LOW_BPM = 50
export const WALL_HIGH_BPM = 210
/** The uncalibrated toco lane is this share of the heart rate's. */
const TOCO_SHARE = 0.3

export interface Lane {
  lowBpm: number
  highBpm: number
  /** Never larger than this, however high the cell. */
  mostPxPerCm?: number
}

const WALL_LANE: Lane = { lowBpm: WALL_LOW_BPM, highBpm: WALL_HIGH_BPM }

/**
 * The largest paper that fits the cell with the true proportion of cm/min to bpm/cm.
 *
 * The eye reads slopes: a strip may be shown smaller, never stretched.
 */
export function planScale(height: number, speed: Pick<PaperScale, 'cmPerMin' | 'bpmPerCm'>, lane: Lane = WALL_LANE): PaperScale {
  const roomy = height >= WITH_TIME_PX
  const rows = { timeRowPx: roomy ? 16 : 2, qualityPx: roomy ? 6 : 3, gapPx: roomy ? 4 : 2 }
  const spare = height - rows.timeRowPx - rows.qualityPx - 3 * rows.gapPx
  const fhrCm = (lane.highBpm - lane.lowBpm) / speed.bpmPerCm
  const fitting = Math.max(2, spare / (fhrCm * (1 + TOCO_SHARE)))
  return {
    ...rows,
    cmPerMin: speed.cmPerMin,
    bpmPerCm: speed.bpmPerCm,
    pxPerCm: Math.min(fitting, lane.mostPxPerCm ?? fitting),
    tocoPerCm: 100 / (fhrCm * TOCO_SHARE),
    lowBpm: lane.lowBpm,
    highBpm: lane.highBpm,
  }
}

export function planCell(width: number, height: number, ratio: number, speed: Pick<PaperScale, 'cmPerMin' | 'bpmPerCm'>): CellPlan {
  return { geometry: new PaperGeometry(planScale(height, speed), width), ratio, numbers: height >= WITH_NUMBERS_PX }
}

/** Ruled sheets by size and theme, shared by all cells. */
export class Sheets {
  private key = ''
  private sheet: HTMLCanvasElement | null = null

  get(plan: CellPlan, ink: Palette): HTMLCanvasElement {
    const { geometry: geo, ratio } = plan
    const key = `${geo.width}/${geo.height}/${geo.scale.cmPerMin}/${geo.scale.bpmPerCm}/${ratio}/${ink.paper}`
    if (this.sheet !== null && this.key === key) return this.sheet
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(geo.width * ratio)
    canvas.height = Math.round(geo.height * ratio)
    const ctx = canvas.getContext('2d', { alpha: false })
    if (ctx === null) throw new Error('this browser has no 2D canvas')
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawPaper(ctx, geo, ink)
    this.key = key
    this.sheet = canvas
    return canvas
  }
}

export interface TileOptions {
  canvas: HTMLCanvasElement
  ring: StripRing
  edgeAgeSeconds: () => number
  label: (ms: number) => string
  fetuses: () => Labels
  sheets: Sheets
}

export class TileView {
  private plan: CellPlan | null = null
  private ink: Palette | null = null
  private hatch: CanvasPattern | string = ''
  private drawnVersion = -1
  private drawnRight = NaN
  private dirty = true
  private readonly ctx: CanvasRenderingContext2D

  constructor(private readonly options: TileOptions) {
    const ctx = options.canvas.getContext('2d', { alpha: false })
    if (ctx === null) throw new Error('this browser has no 2D canvas')
    this.ctx = ctx
  }

  /** Seconds that the cell shows; 0 before it has a size. */
  get spanSeconds(): number {
    return this.plan?.geometry.spanSeconds ?? 0
  }

  /** Size of the paper against true size: 1 = a centimetre is a centimetre. */
  magnification(pxPerCm: number): number {
    return (this.plan?.geometry.scale.pxPerCm ?? pxPerCm) / pxPerCm
  }

  fit(plan: CellPlan, ink: Palette): void {
    const { canvas } = this.options
    const { geometry: geo, ratio } = plan
    this.plan = plan
    this.ink = ink
    const width = Math.round(geo.width * ratio)
    const height = Math.round(geo.height * ratio)
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.hatch = hatchPattern(this.ctx, ink.hatch)
    // A new size empties the canvas: drawn at once, or the strip would be black until its turn.
    this.dirty = true
    this.draw()
  }

  /** Draws if something would look different; says whether it did. */
  draw(): boolean {
    const { plan, ink } = this
    if (plan === null || ink === null) return false
    const { ring } = this.options
    const geo = plan.geometry
    const edge = ring.lastSeq + 1 + this.options.edgeAgeSeconds()
    const step = geo.pxPerSecond * plan.ratio
    const right = Math.round(edge * step) / step
    if (!this.dirty && ring.version === this.drawnVersion && right === this.drawnRight) return false
    this.dirty = false
    this.drawnVersion = ring.version
    this.drawnRight = right
    this.paint(plan, ink, right)
    return true
  }

  private paint(plan: CellPlan, ink: Palette, right: number): void {
    const { ring, label, sheets } = this.options
    const { ctx } = this
    const geo = plan.geometry
    ctx.drawImage(sheets.get(plan, ink), 0, 0, geo.width, geo.height)
    drawStretch(ctx, geo, ink, ring, right, this.hatch, label, this.options.fetuses())
    if (plan.numbers) drawScaleNumbers(ctx, geo, ink)
  }
}
