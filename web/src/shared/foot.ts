/** The foot of the screen: what is pinned there stays where it is, short messages stand above it.
 * Styles read `--ys-foot`, how far up the messages reach: what sticks to the foot of a page, fills the
 * screen or lies over the page ends there, so that a message covers no control.
 */
import { useHeight } from './useHeight'

const FOOT = '--ys-foot'
const PINNED = '--ys-foot-pinned'
const root = document.documentElement.style
const reaches = new Map<symbol, number>()

/** Messages keep above the element, which does not move for them: a hand may be on its way there. */
export function usePinned(element: () => HTMLElement | null): void {
  const me = Symbol()
  useHeight(
    element,
    (height, of) => {
      // What is not shown at this width has no height.
      reaches.set(me, height && height + (Number.parseFloat(getComputedStyle(of).bottom) || 0))
      tell()
    },
    () => {
      reaches.delete(me)
      tell()
    },
  )
}

function tell(): void {
  root.setProperty(PINNED, `${Math.max(0, ...reaches.values())}px`)
}

/** The element holds messages: while there is one, pages end above them. */
export function useFoot(messages: () => HTMLElement | null): void {
  useHeight(
    messages,
    (height) => root.setProperty(FOOT, `calc(var(${PINNED}) + ${height}px)`),
    () => root.removeProperty(FOOT),
  )
}
