/** Find a registered woman by full name or whole identity number; every search is logged. */
import { type Ref, ref, shallowRef } from 'vue'

import type { components } from '@/api/schema'
import { api } from '@/api/client'
import { Problem } from '@/api/problem'

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

  async function run(): Promise<void> {
    const q = query.value.trim()
    if (q === '') return
    searching.value = true
    problem.value = null
    try {
      found.value = await api.get<Woman[]>('/api/patients', { q })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    } finally {
      searching.value = false
    }
  }

  return { query, found, searching, problem, run }
}
