/** How many columns and rows: the choice that leaves each strip the most readable cell. Pure. */

export interface Space {
  width: number
  height: number
}

export interface Layout {
  columns: number
  rows: number
  /** Strips on one screen; the rest are on the next. */
  perScreen: number
}

/** A strip reads best about twice as wide as it is high: eight minutes across eight centimetres. */
const BEST_RATIO = 2
/** Smaller cells cannot be told apart from a chair away, CSS pixels. */
export const SMALLEST = { width: 150, height: 88 }
export const MOST = 64

/** The grid for `count` strips of which `grown` take two by two cells; gaps are the page's own. */
export function layout(count: number, space: Space, grown = 0): Layout {
  const cells = Math.max(1, Math.min(MOST, count) + 3 * grown)
  const fits = fitting(space)
  let best = { columns: 1, rows: 1, held: 0, size: 0 }
  for (let columns = 1; columns <= fits.columns; columns += 1) {
    const rows = Math.min(Math.ceil(cells / columns), fits.rows)
    if (grown > 0 && (columns < 2 || rows < 2)) continue
    const held = Math.min(cells, columns * rows)
    const size = readable(space.width / columns, space.height / rows)
    // Every strip in sight comes before large strips.
    if (held > best.held || (held === best.held && size > best.size)) best = { columns, rows, held, size }
  }
  const { columns, rows } = best
  return { columns, rows, perScreen: Math.max(1, columns * rows - 3 * grown) }
}

function fitting(space: Space): { columns: number; rows: number } {
  return {
    columns: Math.max(1, Math.floor(space.width / SMALLEST.width)),
    rows: Math.max(1, Math.floor(space.height / SMALLEST.height)),
  }
}

/** The most readable grid of those that hold everything; `rowsAt` says how many rows that takes. */
export function bestGrid(space: Space, rowsAt: (columns: number) => number | null): { columns: number; rows: number } | null {
  const fits = fitting(space)
  let best: { columns: number; rows: number; size: number } | null = null
  for (let columns = 1; columns <= fits.columns; columns += 1) {
    const rows = rowsAt(columns)
    if (rows === null || rows > fits.rows) continue
    const size = readable(space.width / columns, space.height / rows)
    if (best === null || size > best.size) best = { columns, rows, size }
  }
  return best && { columns: best.columns, rows: best.rows }
}

/** The area of the largest cell of the best proportion inside; wider costs less than narrower. */
function readable(width: number, height: number): number {
  const ratio = width / height
  const used = ratio > BEST_RATIO ? (BEST_RATIO / ratio) ** 0.6 : (ratio / BEST_RATIO) ** 1.2
  return width * height * used
}

export type CellSize = 'huge' | 'large' | 'medium' | 'small'

/** What a cell has room to say, and how large: a huge one hangs on a wall four metres away. */
export function cellSize(width: number, height: number): CellSize {
  if (width >= 600 && height >= 330) return 'huge'
  if (width >= 420 && height >= 230) return 'large'
  if (width >= 230 && height >= 140) return 'medium'
  return 'small'
}
