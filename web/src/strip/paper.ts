/**
 * Calibrated CTG paper: centimetres per minute across, beats per minute per centimetre up.
 *
 * Paper convention: 1, 2 or 3 cm/min and 20 or 30 bpm/cm, FHR scale 30–240 bpm, toco 0–100
 * (FIGO 2015 intrapartum guideline, §"paper scale"; the reader's eye is trained to one aspect
 * ratio, so every strip says its scale).
 */

export type CmPerMin = 1 | 2 | 3
export type BpmPerCm = 20 | 30

export interface PaperScale {
  cmPerMin: CmPerMin
  bpmPerCm: BpmPerCm
  /** CSS pixels per physical centimetre of this screen, from the calibration setting. */
  pxPerCm: number
  /** Toco units per centimetre. */
  tocoPerCm: number
  /** Ends of the heart-rate lane; a value beyond them is drawn on the edge. */
  lowBpm?: number
  highBpm?: number
  /** CSS pixels of what stands between the lanes; a small cell takes less. */
  timeRowPx?: number
  qualityPx?: number
  gapPx?: number
}

export interface Palette {
  paper: string
  minor: string
  major: string
  label: string
  normalBand: string
  fhr1: string
  fhr2: string
  fhr3: string
  mhr: string
  toco: string
  mark: string
  hatch: string
  good: string
  fair: string
  poor: string
}

/** CSS reference pixel: 96 per inch. A screen that was measured has its own value. */
export const DEFAULT_PX_PER_CM = 96 / 2.54
export const FHR_MIN_BPM = 30
export const FHR_MAX_BPM = 240
/** Usual range of the baseline (中华医学会围产医学分会 2015; FIGO 2015): shading, not a verdict. */
export const BASELINE_LOW_BPM = 110
export const BASELINE_HIGH_BPM = 160
export const TOCO_MAX = 100
export const DEFAULT_SCALE: PaperScale = {
  cmPerMin: 1,
  bpmPerCm: 30,
  pxPerCm: DEFAULT_PX_PER_CM,
  tocoPerCm: 25,
}

const TIME_ROW_PX = 18
const QUALITY_BAND_PX = 10
const LANE_GAP_PX = 6
/** Lines closer than this are a grey haze. */
const CROWDED_PX = 4
/** On small paper heavy lines would weigh more than the trace. */
const SMALL_PX_PER_CM = 12
/** Scale numbers are repeated no closer than this, time labels no closer than that. */
const MIN_NUMBERS_PX = 378
const MIN_LABELS_PX = 100
const LABEL_MINUTES = [1, 2, 5, 10, 15, 30, 60] as const
const MINUTE_MS = 60_000

/** Where everything lies on one sheet, in CSS pixels; recomputed on resize or change of scale. */
export class PaperGeometry {
  readonly lowBpm: number
  readonly highBpm: number
  readonly fhrTop: number
  readonly fhrBottom: number
  readonly qualityTop: number
  readonly qualityBottom: number
  readonly tocoTop: number
  readonly tocoBottom: number
  readonly height: number
  readonly pxPerSecond: number

  constructor(
    readonly scale: PaperScale,
    readonly width: number,
  ) {
    const cm = scale.pxPerCm
    const gap = scale.gapPx ?? LANE_GAP_PX
    this.lowBpm = scale.lowBpm ?? FHR_MIN_BPM
    this.highBpm = scale.highBpm ?? FHR_MAX_BPM
    this.fhrTop = scale.timeRowPx ?? TIME_ROW_PX
    this.fhrBottom = this.fhrTop + ((this.highBpm - this.lowBpm) / scale.bpmPerCm) * cm
    this.qualityTop = this.fhrBottom + gap
    this.qualityBottom = this.qualityTop + (scale.qualityPx ?? QUALITY_BAND_PX)
    this.tocoTop = this.qualityBottom + gap
    this.tocoBottom = this.tocoTop + (TOCO_MAX / scale.tocoPerCm) * cm
    this.height = Math.ceil(this.tocoBottom + gap)
    this.pxPerSecond = (scale.cmPerMin * cm) / 60
  }

  /** Seconds that fit across. */
  get spanSeconds(): number {
    return this.width / this.pxPerSecond
  }

  yOfBpm(bpm: number): number {
    return this.fhrBottom - ((bpm - this.lowBpm) / this.scale.bpmPerCm) * this.scale.pxPerCm
  }

  yOfToco(units: number): number {
    return this.tocoBottom - (Math.min(units, TOCO_MAX) / this.scale.tocoPerCm) * this.scale.pxPerCm
  }

  /** x of a position in seconds when `rightSecond` stands at the right edge. */
  xOf(second: number, rightSecond: number): number {
    return this.width - (rightSecond - second) * this.pxPerSecond
  }

  /** Seconds between fine vertical lines: never closer than about a quarter centimetre. */
  get minorSeconds(): number {
    return this.scale.cmPerMin === 1 ? 30 : this.scale.cmPerMin === 2 ? 15 : 10
  }
}

/** The sheet that does not move: bands, horizontal lines, scale numbers. */
export function drawPaper(ctx: CanvasRenderingContext2D, geo: PaperGeometry, ink: Palette): void {
  ctx.fillStyle = ink.paper
  ctx.fillRect(0, 0, geo.width, geo.height)
  ctx.fillStyle = ink.normalBand
  const top = geo.yOfBpm(BASELINE_HIGH_BPM)
  ctx.fillRect(0, top, geo.width, geo.yOfBpm(BASELINE_LOW_BPM) - top)
  const major = geo.scale.bpmPerCm
  const small = geo.scale.pxPerCm < SMALL_PX_PER_CM
  const fine = (10 / geo.scale.bpmPerCm) * geo.scale.pxPerCm >= CROWDED_PX
  for (let bpm = geo.lowBpm; bpm <= geo.highBpm; bpm += 10) {
    const heavy = (bpm - geo.lowBpm) % major === 0
    if (!heavy && !fine) continue
    horizontal(ctx, geo.yOfBpm(bpm), geo.width, heavy && !small ? ink.major : ink.minor)
  }
  for (let units = 0; units <= TOCO_MAX; units += 25) {
    const heavy = units % 50 === 0
    horizontal(ctx, geo.yOfToco(units), geo.width, heavy && !small ? ink.major : ink.minor)
  }
}

/** Scale numbers, drawn above the trace so that they stay readable; once every ~10 cm. */
export function drawScaleNumbers(ctx: CanvasRenderingContext2D, geo: PaperGeometry, ink: Palette): void {
  ctx.font = '11px system-ui, sans-serif'
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  const every = Math.max(MIN_NUMBERS_PX, geo.scale.pxPerCm * 10)
  const tocoStep = geo.tocoBottom - geo.tocoTop < 45 ? TOCO_MAX : 50
  for (let x = 4; x < geo.width; x += every) {
    for (let bpm = 60; bpm < geo.highBpm; bpm += 30) number(ctx, bpm, x, geo.yOfBpm(bpm), ink)
    for (let units = 0; units <= TOCO_MAX; units += tocoStep) {
      number(ctx, units, x, geo.yOfToco(units) + (units === 0 ? -6 : units === TOCO_MAX ? 6 : 0), ink)
    }
  }
}

/**
 * The lines that move with the paper: one per minute heavy, fine ones between, clock every few.
 *
 * `rightMs` is the time at the right edge, milliseconds since 1970 UTC; `label` words a minute.
 */
export function drawTimeGrid(
  ctx: CanvasRenderingContext2D,
  geo: PaperGeometry,
  ink: Palette,
  rightMs: number,
  label: (ms: number) => string,
): void {
  const leftMs = rightMs - geo.spanSeconds * 1000
  ctx.lineWidth = 1
  if (geo.minorSeconds * geo.pxPerSecond >= CROWDED_PX) {
    verticals(ctx, geo, leftMs, rightMs, geo.minorSeconds * 1000, ink.minor)
  }
  verticals(ctx, geo, leftMs, rightMs, MINUTE_MS, geo.scale.pxPerCm < SMALL_PX_PER_CM ? ink.minor : ink.major)
  if (geo.fhrTop < 12) return
  ctx.font = '11px system-ui, sans-serif'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = ink.label
  const every = labelMinutes(geo) * MINUTE_MS
  for (let at = Math.ceil(leftMs / every) * every; at <= rightMs; at += every) {
    const x = geo.width - ((rightMs - at) / 1000) * geo.pxPerSecond
    ctx.textAlign = x < 24 ? 'left' : x > geo.width - 24 ? 'right' : 'center'
    ctx.fillText(label(at), x, geo.fhrTop / 2)
  }
}

function labelMinutes(geo: PaperGeometry): number {
  for (const minutes of LABEL_MINUTES) if (minutes * 60 * geo.pxPerSecond >= MIN_LABELS_PX) return minutes
  return 60
}

/** All lines of one weight in one stroke. */
function verticals(ctx: CanvasRenderingContext2D, geo: PaperGeometry, leftMs: number, rightMs: number, step: number, colour: string): void {
  ctx.strokeStyle = colour
  ctx.beginPath()
  for (let at = Math.ceil(leftMs / step) * step; at <= rightMs; at += step) {
    const x = Math.round(geo.width - ((rightMs - at) / 1000) * geo.pxPerSecond) + 0.5
    ctx.moveTo(x, geo.fhrTop)
    ctx.lineTo(x, geo.fhrBottom)
    ctx.moveTo(x, geo.tocoTop)
    ctx.lineTo(x, geo.tocoBottom)
  }
  ctx.stroke()
}

function horizontal(ctx: CanvasRenderingContext2D, y: number, width: number, colour: string): void {
  const at = Math.round(y) + 0.5
  ctx.strokeStyle = colour
  ctx.lineWidth = 1
  ctx.beginPath()
  ctx.moveTo(0, at)
  ctx.lineTo(width, at)
  ctx.stroke()
}

function number(ctx: CanvasRenderingContext2D, value: number, x: number, y: number, ink: Palette): void {
  const text = String(value)
  ctx.fillStyle = ink.paper
  ctx.fillRect(x - 2, y - 7, text.length * 7 + 4, 14)
  ctx.fillStyle = ink.label
  ctx.fillText(text, x, y)
}
