/** Marks on a still, as arithmetic: what stands, what an arrow looks like, what a length says. */
import type { components } from '@/api/schema'

export type StillMark = components['schemas']['StillMark']
export type DrawMark = components['schemas']['DrawMark']
export type MarkKind = DrawMark['kind']

export interface Point {
  x: number
  y: number
}

/** Marks that nobody took back. */
export function standing(marks: readonly StillMark[]): StillMark[] {
  return marks.filter((one) => one.undone_by === null)
}

/** What "undo" takes back: one's own newest. */
export function undoable(marks: readonly StillMark[]): StillMark | null {
  return standing(marks).filter((one) => one.mine).at(-1) ?? null
}

/** The two strokes of an arrow's head at `b`, `size` long. */
export function headOf(a: Point, b: Point, size: number): string {
  const angle = Math.atan2(b.y - a.y, b.x - a.x)
  const wing = (turn: number): string => `${b.x - size * Math.cos(angle + turn)} ${b.y - size * Math.sin(angle + turn)}`
  return `M ${wing(0.45)} L ${b.x} ${b.y} L ${wing(-0.45)}`
}

/** A length's short strokes across its ends. */
export function endsOf(a: Point, b: Point, size: number): string {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1
  const [x, y] = [((b.y - a.y) / length) * size, (-(b.x - a.x) / length) * size]
  return [a, b].map((end) => `M ${end.x - x} ${end.y - y} L ${end.x + x} ${end.y + y}`).join(' ')
}

/** A length in pixels of the picture: nothing says how large one is. */
export const pixels = (a: Point, b: Point): number => Math.round(Math.hypot(b.x - a.x, b.y - a.y))

/** Shorter than this on the picture was a slip of the hand. */
export function isSlip(kind: MarkKind, a: Point, b: Point, width: number): boolean {
  return kind !== 'text' && Math.hypot(b.x - a.x, b.y - a.y) < width / 200
}

/** A point on the picture, brought back onto it. */
export function within(at: Point, width: number, height: number): Point {
  const round = (value: number, most: number): number => Math.round(Math.min(Math.max(value, 0), most) * 10) / 10
  return { x: round(at.x, width), y: round(at.y, height) }
}

/** Where a mark's words stand: towards the middle, so that no edge cuts them; above the place, or below it at the top. */
export function labelAt(at: Point, width: number, font: number): Point & { anchor: 'start' | 'end' } {
  return { x: at.x, y: at.y < font * 1.8 ? at.y + font * 1.4 : at.y - font * 0.5, anchor: at.x > width / 2 ? 'end' : 'start' }
}
