/** F4 leads from wherever somebody works to the call that rings; Escape leads back. */
import { type Ref, onBeforeUnmount, onMounted } from 'vue'

export const CALL_KEY = 'F4'

export function useCallKey(call: Readonly<Ref<HTMLElement | null>>): void {
  let from: HTMLElement | null = null

  function press(event: KeyboardEvent): void {
    const inside = call.value?.contains(document.activeElement) === true
    if (event.key === CALL_KEY && !event.altKey && !event.ctrlKey && call.value !== null) {
      event.preventDefault()
      if (inside) return
      from = document.activeElement instanceof HTMLElement ? document.activeElement : null
      call.value.querySelector('button')?.focus()
    } else if (event.key === 'Escape' && inside) {
      from?.focus()
    }
  }

  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
