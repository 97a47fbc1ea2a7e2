/** Full screen, where the browser allows it. */
import { type Ref, onScopeDispose, ref } from 'vue'

export function useFullScreen(): { full: Ref<boolean>; toggle: () => Promise<void> } {
  const full = ref(document.fullscreenElement !== null && document.fullscreenElement !== undefined)
  const changed = (): void => {
    full.value = Boolean(document.fullscreenElement)
  }
  document.addEventListener('fullscreenchange', changed)
  onScopeDispose(() => document.removeEventListener('fullscreenchange', changed))

  async function toggle(): Promise<void> {
    try {
      if (document.fullscreenElement) await document.exitFullscreen()
      else await document.documentElement.requestFullscreen()
    } catch {
      // The browser refused: the wall fills the window as before.
    }
  }
  return { full, toggle }
}
