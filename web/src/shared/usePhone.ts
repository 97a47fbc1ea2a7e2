/** True at phone width, where columns become tabs and the main action is pinned. */
import { type Ref, onScopeDispose, ref } from 'vue'

export function usePhone(): Ref<boolean> {
  const query = window.matchMedia('(max-width: 720px)')
  const phone = ref(query.matches)
  const update = (event: MediaQueryListEvent): void => {
    phone.value = event.matches
  }
  query.addEventListener('change', update)
  onScopeDispose(() => query.removeEventListener('change', update))
  return phone
}
