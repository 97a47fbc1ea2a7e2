/** The catalogue of what houses count: fetched once, used wherever a kind becomes a word. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { ResourceCatalogue, ResourceKind } from '@/api/resources'

import { useLang } from './i18n'

export const useResourceKinds = defineStore('resourceKinds', () => {
  const catalogue = shallowRef<ResourceCatalogue | null>(null)
  const failed = ref(false)
  let pending: Promise<void> | null = null
  const byCode = computed(() => new Map((catalogue.value?.kinds ?? []).map((kind) => [kind.code, kind])))

  function ensure(): Promise<void> {
    pending ??= load()
    return pending
  }

  async function load(): Promise<void> {
    try {
      catalogue.value = await api.get<ResourceCatalogue>('/api/resources/catalogue')
      failed.value = false
    } catch (error) {
      pending = null
      failed.value = true
      if (!(error instanceof Problem)) throw error
    }
  }

  return { catalogue, byCode, failed, ensure }
})

/** A kind's (or capability's) name in the reader's language; an unknown code stays itself. */
export function useKindName(): (code: string) => string {
  const kinds = useResourceKinds()
  const { lang } = useLang()
  void kinds.ensure()
  return (code) => {
    const entry: ResourceKind | { zh: string; en: string } | undefined =
      kinds.byCode.get(code) ?? kinds.catalogue?.capabilities.find((one) => one.code === code)
    return entry === undefined ? code : lang.value === 'en' ? entry.en : entry.zh
  }
}
