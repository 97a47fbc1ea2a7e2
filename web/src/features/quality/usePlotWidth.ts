/** The width a plot really has, in pixels, so that its letters keep their size on a phone. */
import { type Ref, onBeforeUnmount, onMounted, ref } from 'vue'

const WIDEST = 760

export function usePlotWidth(element: Readonly<Ref<Element | null>>, before = 560): Ref<number> {
  const width = ref(before)
  let observer: ResizeObserver | null = null
  onMounted(() => {
    if (element.value === null) return
    observer = new ResizeObserver(([entry]) => {
      const now = entry?.contentRect.width ?? 0
      if (now > 0) width.value = Math.min(WIDEST, Math.floor(now))
    })
    observer.observe(element.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return width
}
