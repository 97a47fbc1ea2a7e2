/**
 * Dragging with a mouse or a pen, on pointer events. Fingers scroll; for them, and for the
 * keyboard, every cell opens a list instead.
 */
import { type Ref, onScopeDispose, ref } from 'vue'

/** So far the pointer has to travel before a press becomes a drag. */
const THRESHOLD = 6

export interface Dragging<T> {
  what: T
  label: string
  x: number
  y: number
  /** The cell under the pointer, if any. */
  over: string | null
}

export interface Drag<T> {
  dragging: Ref<Dragging<T> | null>
  /** Call from `pointerdown` of what can be dragged. */
  start(event: PointerEvent, what: T, label: string): void
}

export function useDrag<T>(drop: (what: T, cell: string) => void): Drag<T> {
  const dragging = ref<Dragging<T> | null>(null) as Ref<Dragging<T> | null>
  let pressed: { what: T; label: string; x: number; y: number } | null = null

  function start(event: PointerEvent, what: T, label: string): void {
    if (event.pointerType === 'touch' || event.button !== 0) return
    pressed = { what, label, x: event.clientX, y: event.clientY }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', up)
    window.addEventListener('pointercancel', stop)
    window.addEventListener('keydown', escape)
  }

  function move(event: PointerEvent): void {
    if (pressed === null) return
    const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y)
    if (dragging.value === null && far < THRESHOLD) return
    event.preventDefault()
    document.getSelection()?.removeAllRanges()
    dragging.value = { what: pressed.what, label: pressed.label, x: event.clientX, y: event.clientY, over: cellAt(event) }
  }

  function up(event: PointerEvent): void {
    const held = dragging.value
    stop()
    if (held === null) return
    // The click that ends a drag opens nothing.
    window.addEventListener('click', swallow, { capture: true, once: true })
    setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 0)
    const cell = cellAt(event)
    if (cell !== null) drop(held.what, cell)
  }

  function stop(): void {
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

  onScopeDispose(stop)
  return { dragging, start }
}

function cellAt(event: PointerEvent): string | null {
  const under = document.elementFromPoint(event.clientX, event.clientY)
  return under?.closest<HTMLElement>('[data-cell]')?.dataset['cell'] ?? null
}

function swallow(event: Event): void {
  event.stopPropagation()
  event.preventDefault()
}
