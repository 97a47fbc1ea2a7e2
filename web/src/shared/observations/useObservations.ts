/** One woman's readings and what the early-warning tools say of them, kept true by the stream. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import { api } from '@/api/client'
import type { Observation, ObservationCatalogue, ObservationItem, ObservationSeries, WarningRuleset, Warnings } from '@/api/observations'
import { Problem } from '@/api/problem'
import { serverNow } from '@/shared/clock'
import { useLang } from '@/shared/i18n'
import { useLiveData } from '@/shared/useLiveData'
import type { StreamMessage } from '@/stream/socket'

const ASK_MS = 30_000
const DAY_MS = 86_400_000

export const useObservationCatalogue = defineStore('observationCatalogue', () => {
  const catalogue = shallowRef<ObservationCatalogue | null>(null)
  const rulesets = shallowRef<WarningRuleset[]>([])
  const problem = shallowRef<Problem | null>(null)
  let pending: Promise<void> | null = null
  const items = computed(() => new Map<string, ObservationItem>((catalogue.value?.items ?? []).map((one) => [one.code, one])))

  function ensure(): Promise<void> {
    pending ??= load()
    return pending
  }

  async function load(): Promise<void> {
    try {
      const [first, second] = await Promise.all([
        api.get<ObservationCatalogue>('/api/observation-catalogue'),
        api.get<WarningRuleset[]>('/api/warning-rulesets'),
      ])
      catalogue.value = first
      rulesets.value = second
      problem.value = null
    } catch (error) {
      pending = null
      if (!(error instanceof Problem)) throw error
      problem.value = error
    }
  }

  return { catalogue, rulesets, items, problem, ensure }
})

export function useObservations(pregnancyId: () => string, drill: () => boolean, days: () => number = () => 1) {
  const store = useObservationCatalogue()
  void store.ensure()
  const path = (what: string): string => `/api/pregnancies/${pregnancyId()}/${what}`
  const query = (): Record<string, string> => (drill() ? { drill: 'true' } : {})
  const concerns = (message: StreamMessage): boolean => message.type === 'woman' && message.pregnancy_id === pregnancyId()
  const series = useLiveData<ObservationSeries>(
    () => api.get(path('observations'), { ...query(), from: new Date(serverNow() - days() * DAY_MS).toISOString() }),
    concerns,
    ASK_MS,
  )
  const warnings = useLiveData<Warnings>(() => api.get(path('warnings'), query()), concerns, ASK_MS)
  function refresh(): void {
    void series.refresh()
    void warnings.refresh()
  }
  return { store, series, warnings, refresh }
}

/** Names and values as people read them. */
export function useObservationWords() {
  const store = useObservationCatalogue()
  const { t, lang } = useLang()
  const said = (one: { zh: string; en: string }): string => (lang.value === 'en' ? one.en : one.zh)
  const name = (code: string): string => {
    const item = store.items.get(code)
    return item === undefined ? code : said(item)
  }
  const value = (code: string, number: number | null, word: string | null): string => {
    const item = store.items.get(code)
    if (number !== null) return String(Number(number.toFixed(item?.decimals ?? 1)))
    if (item?.kind === 'flag') return t(word === 'yes' ? 'observations.yes' : 'observations.no')
    const known = item?.words.find((one) => one.code === word)
    return known === undefined ? (word ?? '') : said(known)
  }
  const shown = (one: Pick<Observation, 'code' | 'number' | 'word'>): string => value(one.code, one.number, one.word)
  return { said, name, value, shown }
}
