/** Whether a media query holds, followed while the page is there. */
import { type Ref, onScopeDispose, ref } from 'vue'

export function useMedia(wanted: string): Ref<boolean> {
  const query = window.matchMedia(wanted)
  const holds = ref(query.matches)
  const update = (event: MediaQueryListEvent): void => {
    holds.value = event.matches
  }
  query.addEventListener('change', update)
  onScopeDispose(() => query.removeEventListener('change', update))
  return holds
}
