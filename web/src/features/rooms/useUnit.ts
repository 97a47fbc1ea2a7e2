/** How many pixels of a picture lie under one of the screen's, where it is shown whole. */
import { type Ref, onBeforeUnmount, ref, watch } from 'vue'

/** What is drawn at `n` screen pixels is `n` times this large in the picture: as legible on a telephone as on a wall. */
export function useUnit(element: Ref<Element | undefined>, size: () => { width: number; height: number }): Ref<number> {
  const unit = ref(1)
  let shown = { width: 0, height: 0 }

  function measure(): void {
    const { width, height } = size()
    if (shown.width > 0 && shown.height > 0) unit.value = Math.max(width / shown.width, height / shown.height)
  }

  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return
    shown = entry.contentRect
    measure()
  })
  watch(element, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  watch(size, measure)
  onBeforeUnmount(() => observer.disconnect())
  return unit
}
