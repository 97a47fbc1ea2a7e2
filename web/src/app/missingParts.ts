/**
 * A page's code that did not arrive: the line changed under the request (a tablet that went from one
 * network to another), or a release replaced what the open page still names. The page is then asked
 * for whole; what was only half loaded cannot be mended, for Vite names a lost style sheet once.
 */
import type { Router } from 'vue-router'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'

const ASKED = 'ys.asked-anew'
/** A page that misses a part again so soon would miss it for ever. */
const AGAIN_MS = 30_000

interface PreloadError extends Event {
  payload: unknown
}

interface Ways {
  /** Settles once the server can be reached. */
  reach?: () => Promise<unknown>
  open?: (path: string) => void
  now?: () => number
}

const missing = new WeakSet<object>()

export function isMissingPart(error: unknown): boolean {
  return typeof error === 'object' && error !== null && missing.has(error)
}

/** Open a page anew that did not arrive whole, once, as soon as the server answers. */
export function askForMissingParts(router: Router, tell: (problem: Problem) => void, ways: Ways = {}): void {
  const { reach = () => api.get('/api/health'), open = (path: string) => location.assign(path), now = Date.now } = ways
  window.addEventListener('vite:preloadError', (event) => {
    const { payload } = event as PreloadError
    if (typeof payload === 'object' && payload !== null) missing.add(payload)
  })
  router.onError(async (error, to) => {
    if (!isMissingPart(error)) return
    const before = sessionStorage.getItem(ASKED)
    if (before !== null && now() - Number(before) < AGAIN_MS) {
      tell(Problem.from('parts'))
      return
    }
    try {
      await reach()
    } catch (refused) {
      // A reload would put the browser's own page in place of the one that still works.
      tell(refused instanceof Problem ? refused : Problem.from('network'))
      return
    }
    sessionStorage.setItem(ASKED, String(now()))
    open(to.fullPath)
  })
}
