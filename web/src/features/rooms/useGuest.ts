/** The page of one guest's link: opened by a press, since it opens once, then read again and again. */
import { type Ref, onScopeDispose, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { latest } from '@/shared/latest'

import type { GuestView } from './types'

/** Not opened yet; read for the first time; in it; over; nothing to open. */
export type GuestPhase = 'closed' | 'starting' | 'ready' | 'over' | 'no_link'

export interface Guest {
  phase: Ref<GuestPhase>
  view: Ref<GuestView | null>
  problem: Ref<Problem | null>
  open(): Promise<void>
  put(next: GuestView): void
}

const POLL_MS = 3_000
/** Says that this window had a link: a reload then tells a link that is over from none at all. */
const HAD = 'ys.guest'

export function useGuest(): Guest {
  const token = location.hash.slice(1)
  const phase = ref<GuestPhase>(token === '' ? 'starting' : 'closed')
  const view = shallowRef<GuestView | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false
  const asking = latest()

  /** What a write answered is newer than a look that is still on its way. */
  function put(next: GuestView): void {
    asking()
    view.value = next
    problem.value = null
    phase.value = 'ready'
  }

  function failed(error: unknown): void {
    if (!(error instanceof Problem)) throw error
    problem.value = error
    // Without an answer nothing is known; what is shown stays.
    if (!error.outcomeUnknown) phase.value = token !== '' || sessionStorage.getItem(HAD) !== null ? 'over' : 'no_link'
  }

  async function refresh(): Promise<void> {
    const current = asking()
    try {
      const next = await api.get<GuestView>('/api/guest')
      if (current()) put(next)
    } catch (error) {
      if (current()) failed(error)
    }
  }

  function again(): void {
    if (gone || phase.value === 'over' || phase.value === 'no_link') return
    timer = setTimeout(() => void refresh().finally(again), POLL_MS)
  }

  async function open(): Promise<void> {
    try {
      await api.post('/api/guest/open', { token })
    } catch (error) {
      // Opened before, perhaps in this very browser: then its cookie still lets in.
      if (!(error instanceof Problem) || error.status !== 410) return failed(error)
    }
    sessionStorage.setItem(HAD, '1')
    history.replaceState(history.state, '', location.pathname)
    await refresh().finally(again)
  }

  onScopeDispose(() => {
    gone = true
    clearTimeout(timer)
  })
  if (token === '') void refresh().finally(again)
  return { phase, view, problem, open, put }
}
