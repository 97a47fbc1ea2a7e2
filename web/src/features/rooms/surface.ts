/** From the screen to a picture that is shown whole inside an SVG of its own size. */
import type { Point } from './drawing'

/** A point of the screen in the picture's pixels; null before it is laid out. */
export function pointAt(svg: SVGSVGElement, event: { clientX: number; clientY: number }): Point | null {
  const matrix = svg.getScreenCTM()
  if (!matrix) return null
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
  return { x: at.x, y: at.y }
}

/** The same as shares of width and height; null beside the picture. */
export function shareAt(svg: SVGSVGElement, event: { clientX: number; clientY: number }, width: number, height: number): Point | null {
  const at = pointAt(svg, event)
  if (!at || at.x < 0 || at.y < 0 || at.x > width || at.y > height) return null
  const share = (value: number, whole: number): number => Math.round((value / whole) * 10_000) / 10_000
  return { x: share(at.x, width), y: share(at.y, height) }
}
