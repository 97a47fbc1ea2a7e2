/** A touched notification leads an open page to its page, instead of loading everything anew. */
import { onScopeDispose } from 'vue'
import type { Router } from 'vue-router'

export function usePushes(router: Router): void {
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker
  if (workers === undefined) return
  const listen = (event: MessageEvent<{ open?: unknown } | null>): void => {
    const path = event.data?.open
    if (typeof path !== 'string' || !path.startsWith('/')) return
    event.ports[0]?.postMessage(true)
    void router.push(path)
  }
  workers.addEventListener('message', listen)
  onScopeDispose(() => workers.removeEventListener('message', listen))
}
