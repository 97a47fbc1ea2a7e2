/** The words of the clocks: fetched once, used wherever a milestone or a reason is shown. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import { api } from '@/api/client'
import type { ClockCatalogue } from '@/api/course'
import { Problem } from '@/api/problem'

import { useLang } from '../i18n'

export interface Words {
  zh: string
  en: string
}

export const useClockCatalogue = defineStore('clock-catalogue', () => {
  const data = shallowRef<ClockCatalogue | null>(null)
  const byName = computed(() => new Map((data.value?.milestones ?? []).map((entry) => [entry.name, entry.words])))
  let pending: Promise<void> | null = null

  /** Asks the server once, and again only after a failure. */
  function ensure(): Promise<void> {
    pending ??= load()
    return pending
  }

  async function load(): Promise<void> {
    try {
      data.value = await api.get<ClockCatalogue>('/api/clocks')
    } catch (error) {
      pending = null
      if (!(error instanceof Problem)) throw error
    }
  }

  return { data, byName, ensure }
})

/** `say` puts words in the reader's language; `milestone` names one, an unknown one by its code. */
export function useClockWords() {
  const catalogue = useClockCatalogue()
  const { lang } = useLang()
  void catalogue.ensure()
  const say = (words: Words): string => (lang.value === 'en' ? words.en : words.zh)
  const milestone = (name: string): string => {
    const words = catalogue.byName.get(name)
    return words === undefined ? name : say(words)
  }
  return { catalogue, say, milestone }
}
