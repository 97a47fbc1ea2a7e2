/** Where a picture lies on the screen: how large, and how far moved. */

export interface View {
  zoom: number
  x: number
  y: number
}

export const FITTED: View = { zoom: 1, x: 0, y: 0 }
const MOST = 12

/** Zoom by `factor` about a point that stays where it is; `at` is from the stage's middle. */
export function zoomed(view: View, factor: number, at: { x: number; y: number } = { x: 0, y: 0 }): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MOST)
  if (zoom === 1) return FITTED
  const by = zoom / view.zoom
  return { zoom, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }
}

export function moved(view: View, dx: number, dy: number): View {
  return view.zoom === 1 ? view : { ...view, x: view.x + dx, y: view.y + dy }
}

/** Milliseconds a frame stays: the file's, else 25 a second; never faster than a screen. */
export function frameMs(said: number | null): number {
  return said !== null && said > 0 ? Math.min(Math.max(said, 1000 / 60), 2000) : 40
}

/** The frame `by` further, round the end. */
export function stepped(frame: number, by: number, frames: number): number {
  return (((frame + by) % frames) + frames) % frames
}
