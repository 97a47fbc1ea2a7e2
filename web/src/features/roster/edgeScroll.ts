/** Whoever drags to the edge of what scrolls sees what lies beyond it. */

/** So near to an edge scrolling begins, in CSS pixels. */
const NEAR = 56
/** Pixels per frame. */
const PACE = 9

export interface EdgeScroll {
  /** The pointer is here now; `scrolled` is called after each step. */
  follow(x: number, y: number, scrolled: () => void): void
  stop(): void
}

export function scrollingAtEdges(): EdgeScroll {
  let frame = 0
  let at: { x: number; y: number; scrolled: () => void } | null = null

  function step(): void {
    frame = 0
    if (at === null || !scrollOnce(at.x, at.y)) return
    at.scrolled()
    frame = requestAnimationFrame(step)
  }

  return {
    follow(x, y, scrolled) {
      at = { x, y, scrolled }
      if (frame === 0) frame = requestAnimationFrame(step)
    },
    stop() {
      at = null
      cancelAnimationFrame(frame)
      frame = 0
    },
  }
}

/** The innermost frame first, then the page; true if something moved. */
function scrollOnce(x: number, y: number): boolean {
  const frame = document.elementFromPoint(x, y)?.closest<HTMLElement>('.roster-scroll')
  if (frame) {
    const edge = frame.getBoundingClientRect()
    if (moved(frame, pace(x, edge.left, edge.right), pace(y, edge.top, edge.bottom))) return true
  }
  return moved(document.scrollingElement, 0, pace(y, 0, window.innerHeight))
}

function pace(at: number, low: number, high: number): number {
  if (at < low + NEAR) return -PACE
  return at > high - NEAR ? PACE : 0
}

function moved(element: Element | null, x: number, y: number): boolean {
  if (!element || (x === 0 && y === 0)) return false
  const before = [element.scrollLeft, element.scrollTop]
  element.scrollLeft += x
  element.scrollTop += y
  return element.scrollLeft !== before[0] || element.scrollTop !== before[1]
}
