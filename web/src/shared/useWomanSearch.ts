/** Find a registered woman by full name or whole identity number; every search is logged. */
import { type Ref, ref, shallowRef } from 'vue'

import type { components } from '@/api/schema'
import { api } from '@/api/client'
import { Problem } from '@/api/problem'

import { latest } from './latest'

export type Woman = components['schemas']['PatientFound']

export interface WomanSearch {
  query: Ref<string>
  found: Ref<Woman[] | null>
  searching: Ref<boolean>
  problem: Ref<Problem | null>
  run(): Promise<void>
}

export function useWomanSearch(): WomanSearch {
  const query = ref('')
  const found = shallowRef<Woman[] | null>(null)
  const searching = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const asking = latest()

  async function run(): Promise<void> {
    const q = query.value.trim()
    if (q === '') return
    const current = asking()
    searching.value = true
    problem.value = null
    try {
      const women = await api.get<Woman[]>('/api/patients', { q })
      if (current()) found.value = women
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (current()) problem.value = error
    } finally {
      if (current()) searching.value = false
    }
  }

  return { query, found, searching, problem, run }
}
