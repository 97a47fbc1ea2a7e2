/** Keys on the cells of a draft: walk, pick up, carry, drop, put back, empty. */
import type { Cell } from './grid'

/** What a key asks of the cell it was pressed on. */
export type KeyStep = 'pick' | 'over' | 'drop' | 'back' | 'clear'

export const ARROWS: Record<string, [number, number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }

export interface CellKeys {
  /** Something is being carried. */
  carrying(): boolean
  /** The cell next to this one, places across and days down; nothing beyond the edges. */
  next(at: Cell, by: [number, number]): Cell | null
  focus(cell: Cell): void
  say(step: KeyStep, cell: Cell): void
}

/** What `keydown` of a cell's button calls. */
export function cellKeys({ carrying, next, focus, say }: CellKeys): (event: KeyboardEvent, at: Cell) => void {
  function step(event: KeyboardEvent, at: Cell): KeyStep | null {
    if (carrying()) return event.key === 'Enter' ? 'drop' : event.key === 'Escape' || event.key === 'Tab' ? 'back' : null
    if (event.key === 'Delete' || event.key === 'Backspace') return 'clear'
    return event.key === 'Enter' && at.pieces.some((piece) => piece.shift.draft) ? 'pick' : null
  }

  return (event, at) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const by = ARROWS[event.key]
    if (by !== undefined) {
      event.preventDefault()
      const cell = next(at, by)
      if (cell === null) return
      focus(cell)
      if (carrying()) say('over', cell)
      return
    }
    const asked = step(event, at)
    if (asked === null) return
    if (event.key !== 'Tab') event.preventDefault()
    // A key that is held down picks up once and drops nothing.
    if (!event.repeat) say(asked, at)
  }
}
