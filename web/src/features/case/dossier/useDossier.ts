/** What hangs on the case, kept true by the stream; every panel writes through it. */
import { type ComputedRef, type InjectionKey, computed, inject, provide } from 'vue'

import { api } from '@/api/client'
import type { components } from '@/api/schema'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { useCase } from '../useCase'

export type Dossier = components['schemas']['Dossier']
export type Change = components['schemas']['Change']
export type Attachment = components['schemas']['Attachment']
export type ConsentAct = components['schemas']['ConsentAct']
export type NewbornSheet = components['schemas']['NewbornSheet']
export type TreatmentKind = components['schemas']['TreatmentKind']

export interface DossierView {
  live: LiveData<Dossier>
  now: ComputedRef<Dossier>
  path(rest: string): string
  recorded(next: Dossier): void
}

const KEY: InjectionKey<DossierView> = Symbol('dossier')

export function provideDossier(): DossierView {
  const view = useCase()
  const path = (rest: string): string => `/api/referrals/${view.id}/${rest}`
  const live = useLiveData<Dossier>(
    () => api.get(path('dossier')),
    (message) => message.type === 'case' && message.case_id === view.id,
    60_000,
  )
  const dossier: DossierView = {
    live,
    now: computed(() => {
      if (live.data.value === null) throw new Error('the dossier is not loaded yet')
      return live.data.value
    }),
    path,
    recorded(next) {
      live.put(next)
      view.refresh()
    },
  }
  provide(KEY, dossier)
  return dossier
}

export function useDossier(): DossierView {
  const dossier = inject(KEY)
  if (dossier === undefined) throw new Error('useDossier outside the dossier')
  return dossier
}
