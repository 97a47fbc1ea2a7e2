/** Fingers and mouse on a picture: two pinch, one does what the tool says, a wheel zooms. */
import { type Ref, ref } from 'vue'

import { type View, moved, zoomed } from '@/scan/view'

interface Spot {
  x: number
  y: number
}

export interface Pointers {
  /** Where the pointer went down, for tools that draw. */
  down: Ref<Spot | null>
  start(event: PointerEvent): void
  move(event: PointerEvent): void
  end(event: PointerEvent): void
  wheel(event: WheelEvent): void
}

export interface Hands {
  view: Ref<View>
  stage: () => HTMLElement | null
  /** One pointer moved by so much; false lets the picture move. */
  drag: (dx: number, dy: number, at: Spot) => boolean
  tap: (at: Spot) => void
}

const TAP_PX = 6

export function usePointers(hands: Hands): Pointers {
  const down = ref<Spot | null>(null)
  const held = new Map<number, Spot>()
  let travelled = 0
  let many = false

  function middle(at: Spot): Spot {
    const box = hands.stage()?.getBoundingClientRect()
    return box ? { x: at.x - box.left - box.width / 2, y: at.y - box.top - box.height / 2 } : { x: 0, y: 0 }
  }

  function start(event: PointerEvent): void {
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
    held.set(event.pointerId, { x: event.clientX, y: event.clientY })
    many = many || held.size > 1
    if (held.size === 1) {
      travelled = 0
      many = false
      down.value = { x: event.clientX, y: event.clientY }
    } else down.value = null
  }

  function pinch(id: number, from: Spot, to: Spot): void {
    const other = [...held.entries()].find(([one]) => one !== id)?.[1]
    if (other === undefined) return
    const before = Math.hypot(from.x - other.x, from.y - other.y)
    const after = Math.hypot(to.x - other.x, to.y - other.y)
    const at = middle({ x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 })
    hands.view.value = moved(zoomed(hands.view.value, after / Math.max(before, 1), at), (to.x - from.x) / 2, (to.y - from.y) / 2)
  }

  function move(event: PointerEvent): void {
    const from = held.get(event.pointerId)
    if (from === undefined) return
    const to = { x: event.clientX, y: event.clientY }
    held.set(event.pointerId, to)
    travelled += Math.hypot(to.x - from.x, to.y - from.y)
    if (held.size > 1) return pinch(event.pointerId, from, to)
    if (!hands.drag(to.x - from.x, to.y - from.y, to)) hands.view.value = moved(hands.view.value, to.x - from.x, to.y - from.y)
  }

  function end(event: PointerEvent): void {
    if (!held.delete(event.pointerId)) return
    if (held.size === 0 && !many && travelled < TAP_PX && event.type === 'pointerup') hands.tap({ x: event.clientX, y: event.clientY })
    if (held.size === 0) down.value = null
  }

  function wheel(event: WheelEvent): void {
    hands.view.value = zoomed(hands.view.value, Math.exp(-event.deltaY / 500), middle({ x: event.clientX, y: event.clientY }))
  }

  return { down, start, move, end, wheel }
}
