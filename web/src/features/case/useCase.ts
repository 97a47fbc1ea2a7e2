/** One case, kept true by the stream; and everything on its page that wants to write to it. */
import { type InjectionKey, type Ref, computed, inject, provide } from 'vue'

import type { CaseAction, Referral } from '@/api/case'
import { api } from '@/api/client'
import type { CaseClock } from '@/api/course'
import type { Page } from '@/api/types'
import { useCaseClock } from '@/shared/clocks/useCaseClock'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

export interface CaseView {
  id: string
  referral: LiveData<Referral>
  pages: LiveData<Page[]>
  clock: LiveData<CaseClock>
  /** Takes in what a write answered. */
  recorded(next: Referral): void
  refresh(): void
}

const KEY: InjectionKey<CaseView> = Symbol('case')
/** Reach states change without the case changing; they have no case hint of their own. */
const PAGES_POLL_MS = 15_000

export function provideCase(id: string): CaseView {
  const referral = useLiveData<Referral>(
    () => api.get(`/api/referrals/${id}`),
    (message) => message.type === 'case' && message.case_id === id,
    30_000,
  )
  const pages = useLiveData<Page[]>(
    () => api.get(`/api/cases/${id}/pages`),
    (message) =>
      (message.type === 'case' && message.case_id === id) ||
      (message.type === 'item' && message.data['case_id'] === id),
    PAGES_POLL_MS,
  )
  const clock = useCaseClock(id)
  const view: CaseView = {
    id,
    referral,
    pages,
    clock,
    recorded(next) {
      // An answer may be older than what a hint has fetched meanwhile.
      if (next.version >= (referral.data.value?.version ?? 0)) referral.put(next)
      void pages.refresh()
    },
    refresh() {
      void referral.refresh()
      void pages.refresh()
      void clock.refresh()
    },
  }
  provide(KEY, view)
  return view
}

export function useCase(): CaseView {
  const view = inject(KEY)
  if (view === undefined) throw new Error('useCase outside a case page')
  return view
}

/** The case itself; only used below the page's check that it is there. */
export function useReferral(): Ref<Referral> {
  const { referral } = useCase()
  return computed(() => {
    const data = referral.data.value
    if (data === null) throw new Error('the case is not loaded yet')
    return data
  })
}

export function actionKey(action: Pick<CaseAction, 'machine' | 'action' | 'target_id'>): string {
  return `${action.machine}.${action.action}.${action.target_id}`
}

/** A death has stopped everything: nothing more is written but corrections, reviews and papers. */
export function isFrozen(referral: Referral): boolean {
  return Boolean(referral.ending?.frozen_at) && (referral.state === 'died' || referral.state === 'closed')
}
