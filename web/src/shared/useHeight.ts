/** Says how high an element is, whenever that changes, and when it is gone. */
import { onScopeDispose, watch } from 'vue'

export function useHeight(element: () => HTMLElement | null, is: (height: number, of: HTMLElement) => void, gone: () => void): void {
  const observer = new ResizeObserver(([entry]) => {
    const target = entry?.target
    if (target instanceof HTMLElement) is(target.offsetHeight, target)
  })

  function clear(): void {
    observer.disconnect()
    gone()
  }

  watch(
    element,
    (found) => {
      clear()
      if (found !== null) observer.observe(found)
    },
    { flush: 'post', immediate: true },
  )
  onScopeDispose(clear)
}
