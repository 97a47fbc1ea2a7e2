/**
 * Being there: a heartbeat while the page is open, until one leaves or it is over. Whoever closes the
 * page or loses the line is gone after a while; whoever comes back is there again.
 */
import { type Ref, onScopeDispose, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'

/** A third of the silence after which the server takes somebody for gone. */
const BEAT_MS = 15_000

export interface Presence {
  here: Ref<boolean>
  problem: Ref<Problem | null>
  come(): Promise<void>
  leave(): Promise<void>
}

/** `path()` answers to `/presence` and `/leave`; `put` takes what they say. */
export function usePresence<T>(path: () => string, put: (detail: T) => void): Presence {
  const here = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let timer: ReturnType<typeof setInterval> | null = null

  async function say(what: 'presence' | 'leave'): Promise<void> {
    try {
      put(await api.post<T>(`${path()}/${what}`))
      problem.value = null
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
      // Over, or not one's own: no use in going on. A cut line is tried again.
      if (error.status >= 400 && error.status < 500) stop()
    }
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
    here.value = false
  }

  async function come(): Promise<void> {
    if (timer !== null) return
    here.value = true
    timer = setInterval(() => void say('presence'), BEAT_MS)
    await say('presence')
  }

  async function leave(): Promise<void> {
    stop()
    await say('leave')
  }

  onScopeDispose(() => {
    if (timer === null) return
    stop()
    void say('leave')
  })
  return { here, problem, come, leave }
}
