/**
 * Dragging on pointer events. A mouse or pen drags once it has travelled; a finger picks up by
 * resting, because a finger that travels scrolls.
 */
import { type Ref, onScopeDispose, ref } from 'vue'

import { scrollingAtEdges } from './edgeScroll'

/** So far the pointer has to travel before a press becomes a drag, or a resting finger a scroll. */
const THRESHOLD = 6
/** So long a finger rests before it picks up, in milliseconds. */
export const REST_MS = 400

export interface Dragging<T> {
  what: T
  label: string
  x: number
  y: number
  /** The cell under the pointer, if any. */
  over: string | null
  /** Under a finger the name stands above it. */
  touch: boolean
}

export interface Drag<T> {
  dragging: Ref<Dragging<T> | null>
  /** Call from `pointerdown` of what can be dragged. */
  start(event: PointerEvent, what: T, label: string): void
}

interface Pressed<T> {
  what: T
  label: string
  x: number
  y: number
  touch: boolean
}

export function useDrag<T>(drop: (what: T, cell: string) => void): Drag<T> {
  const dragging = ref<Dragging<T> | null>(null) as Ref<Dragging<T> | null>
  const edges = scrollingAtEdges()
  let pressed: Pressed<T> | null = null
  let resting: ReturnType<typeof setTimeout> | undefined

  function start(event: PointerEvent, what: T, label: string): void {
    if (event.button !== 0 || pressed !== null) return
    pressed = { what, label, x: event.clientX, y: event.clientY, touch: event.pointerType === 'touch' }
    if (pressed.touch) resting = setTimeout(rested, REST_MS)
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', up)
    window.addEventListener('pointercancel', stop)
    window.addEventListener('keydown', escape)
  }

  function rested(): void {
    if (pressed === null) return
    hold(pressed, pressed.x, pressed.y)
    navigator.vibrate?.(15)
  }

  function hold(held: Pressed<T>, x: number, y: number): void {
    document.getSelection()?.removeAllRanges()
    dragging.value = { what: held.what, label: held.label, x, y, over: cellAt(x, y), touch: held.touch }
    edges.follow(x, y, () => {
      if (dragging.value !== null) dragging.value.over = cellAt(x, y)
    })
  }

  function move(event: PointerEvent): void {
    if (pressed === null) return
    if (dragging.value === null && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < THRESHOLD) return
    if (dragging.value === null && pressed.touch) {
      stop()
      return
    }
    event.preventDefault()
    hold(pressed, event.clientX, event.clientY)
  }

  function up(event: PointerEvent): void {
    const held = dragging.value
    stop()
    if (held === null) return
    // The click that ends a drag opens nothing.
    window.addEventListener('click', swallow, { capture: true, once: true })
    setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 0)
    const cell = cellAt(event.clientX, event.clientY)
    if (cell !== null) drop(held.what, cell)
  }

  function stop(): void {
    clearTimeout(resting)
    edges.stop()
    pressed = null
    dragging.value = null
    window.removeEventListener('pointermove', move)
    window.removeEventListener('pointerup', up)
    window.removeEventListener('pointercancel', stop)
    window.removeEventListener('keydown', escape)
  }

  function escape(event: KeyboardEvent): void {
    if (event.key === 'Escape') stop()
  }

  /** While something is held, the finger neither scrolls nor calls the browser's menu. */
  function still(event: Event): void {
    if (dragging.value !== null || (event.type === 'contextmenu' && pressed?.touch === true)) event.preventDefault()
  }

  // There from the beginning: a browser asks whether a touch may scroll before it tells of the touch.
  window.addEventListener('touchmove', still, { passive: false })
  window.addEventListener('contextmenu', still)
  onScopeDispose(() => {
    stop()
    window.removeEventListener('touchmove', still)
    window.removeEventListener('contextmenu', still)
  })
  return { dragging, start }
}

function cellAt(x: number, y: number): string | null {
  const under = document.elementFromPoint(x, y)
  return under?.closest<HTMLElement>('[data-cell]')?.dataset['cell'] ?? null
}

function swallow(event: Event): void {
  event.stopPropagation()
  event.preventDefault()
}
