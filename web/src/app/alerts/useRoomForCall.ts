/** A call put aside on a telephone stands over the top of the page: the page makes room for it. */
import { type Ref, onScopeDispose, watch } from 'vue'

/** Read by the shell: how far the page begins below the edge. */
const ROOM = '--ys-call-room'

export function useRoomForCall(layer: Readonly<Ref<HTMLElement | null>>, over: () => boolean): void {
  const root = document.documentElement.style
  const measure = new ResizeObserver(([entry]) => {
    const target = entry?.target
    if (target instanceof HTMLElement) root.setProperty(ROOM, `${target.offsetHeight}px`)
  })

  function clear(): void {
    measure.disconnect()
    root.removeProperty(ROOM)
  }

  watch(
    () => (over() ? layer.value : null),
    (element) => {
      clear()
      if (element !== null) measure.observe(element)
    },
    { flush: 'post', immediate: true },
  )
  onScopeDispose(clear)
}
