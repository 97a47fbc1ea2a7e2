/** The page of one link: opened by its token, then read again and again until the link is over. */
import { type Ref, onScopeDispose, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import type { Opened, OutsideView } from '@/api/crew'
import { Problem } from '@/api/problem'
import { latest } from '@/shared/latest'

export type OutsidePhase = 'starting' | 'ready' | 'over' | 'broken' | 'no_link'

export interface Outside {
  phase: Ref<OutsidePhase>
  view: Ref<OutsideView | null>
  problem: Ref<Problem | null>
  /** Takes in what a write answered. */
  put(next: OutsideView): void
  refresh(): Promise<void>
}

const POLL_MS = 15_000
/** Says that this window had a link: a reload then tells a link that is over from none at all. */
const HAD = 'ys.outside'

export function useOutside(): Outside {
  const phase = ref<OutsidePhase>('starting')
  const view = shallowRef<OutsideView | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const token = location.hash.slice(1)
  let left = token !== ''
  const asking = latest()
  let timer: ReturnType<typeof setTimeout> | undefined

  function put(next: OutsideView): void {
    asking()
    view.value = next
    problem.value = null
    phase.value = 'ready'
  }

  async function open(): Promise<void> {
    const opened = await api.post<Opened>('/api/links/open', { token })
    left = false
    sessionStorage.setItem(HAD, '1')
    history.replaceState(history.state, '', location.pathname)
    if (opened.purpose === 'crew') location.replace('/crew')
  }

  async function refresh(): Promise<void> {
    const current = asking()
    try {
      if (left) await open()
      const next = await api.get<OutsideView>('/api/outside')
      if (current()) put(next)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (!current()) return
      problem.value = error
      // A link cut short on its way was never one; nothing is over.
      if (left && (error.status === 400 || error.status === 422)) phase.value = 'broken'
      else if (!error.outcomeUnknown) phase.value = token !== '' || sessionStorage.getItem(HAD) !== null ? 'over' : 'no_link'
    }
  }

  function again(): void {
    timer = setTimeout(() => void (phase.value === 'over' || phase.value === 'broken' ? Promise.resolve() : refresh()).finally(again), POLL_MS)
  }

  onScopeDispose(() => clearTimeout(timer))
  void refresh().finally(again)
  return { phase, view, problem, put, refresh }
}
