/** One month of special-population lists. It is never kept on the device: no drafts, no cache. */
import { type InjectionKey, type Ref, computed, inject, provide, ref, watch } from 'vue'

import type { SpecialLine, SpecialList, SpecialMonth } from '@/api/caseFiles'
import { api } from '@/api/client'
import { serverNow } from '@/shared/clock'
import { useLang } from '@/shared/i18n'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

/** What is being done: a line added or changed, a line removed, a list handed in or taken back. */
export type Doing =
  | { what: 'add' }
  | { what: 'change'; line: SpecialLine }
  | { what: 'remove'; line: SpecialLine }
  | { what: 'submit'; list: SpecialList }
  | { what: 'reopen'; list: SpecialList }
  | { what: 'versions'; line: SpecialLine }

export interface SpecialView {
  month: Ref<string>
  live: LiveData<SpecialMonth>
  doing: Ref<Doing | null>
  /** The words of a column or category of the form. */
  named(code: string): string
}

const KEY: InjectionKey<SpecialView> = Symbol('special population')
const HOUR_MS = 3_600_000
/** Every reading is logged: the page asks when it is opened and after a change, not by itself. */
const NEVER_MS = 24 * HOUR_MS

/** The month in China, as the server counts it. */
export function thisMonth(nowMs: number): string {
  return new Date(nowMs + 8 * HOUR_MS).toISOString().slice(0, 7)
}

export function provideSpecial(): SpecialView {
  const { lang } = useLang()
  const month = ref(thisMonth(serverNow()))
  const live = useLiveData<SpecialMonth>(() => api.get('/api/special-population', { month: month.value }), undefined, NEVER_MS)
  watch(month, () => void live.refresh())
  const words = computed(() => new Map([...(live.data.value?.columns ?? []), ...(live.data.value?.categories ?? [])].map((one) => [one.code, lang.value === 'en' ? one.en : one.zh])))
  const view: SpecialView = { month, live, doing: ref(null), named: (code) => words.value.get(code) ?? code }
  provide(KEY, view)
  return view
}

export function useSpecial(): SpecialView {
  const view = inject(KEY)
  if (view === undefined) throw new Error('useSpecial outside its page')
  return view
}
