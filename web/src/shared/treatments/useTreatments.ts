/** The catalogue of treatments, fetched once per page. */
import { type Ref, ref } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import { useLang } from '@/shared/i18n'

export type Treatment = components['schemas']['Treatment']
export type TreatmentCatalogue = components['schemas']['TreatmentCatalogue']

const catalogue = ref<TreatmentCatalogue | null>(null)
let pending: Promise<void> | null = null

async function load(): Promise<void> {
  try {
    catalogue.value = await api.get<TreatmentCatalogue>('/api/treatments')
  } catch (error) {
    pending = null
    if (!(error instanceof Problem)) throw error
  }
}

export function useTreatments(): { catalogue: Ref<TreatmentCatalogue | null>; nameOf: (code: string) => string } {
  const { lang } = useLang()
  pending ??= load()
  return {
    catalogue,
    nameOf(code) {
      const kind = catalogue.value?.treatments.find((one) => one.code === code)
      return kind === undefined ? code : lang.value === 'en' ? kind.en : kind.zh
    },
  }
}
