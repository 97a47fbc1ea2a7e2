/** Keeps the screen on; browsers take the lock away with every switch of tabs, so it is asked anew. */
import { type Ref, onScopeDispose, ref } from 'vue'

interface Sentinel {
  release(): Promise<void>
  addEventListener(type: 'release', listener: () => void): void
}
interface WakeLock {
  request(type: 'screen'): Promise<Sentinel>
}

export function useWakeLock(): Ref<boolean> {
  const held = ref(false)
  // Not in every browser, and not on plain http.
  const lock = (navigator as Navigator & { wakeLock?: WakeLock }).wakeLock
  let sentinel: Sentinel | null = null

  async function hold(): Promise<void> {
    if (lock === undefined || document.visibilityState !== 'visible') return
    try {
      sentinel = await lock.request('screen')
      held.value = true
      sentinel.addEventListener('release', () => (held.value = false))
    } catch {
      held.value = false
    }
  }

  const again = (): void => void hold()
  document.addEventListener('visibilitychange', again)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', again)
    void sentinel?.release()
  })
  void hold()
  return held
}
