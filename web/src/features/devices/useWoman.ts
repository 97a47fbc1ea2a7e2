/** Whose tracing it is: found by her wristband, or by her name in one's own house. */
import { ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { latest } from '@/shared/latest'

import type { Pregnancy, Woman } from './types'

export interface Chosen {
  pregnancy_id: string
  name: string
  gestation_days: number | null
  means: 'list' | 'wristband'
}

export function useWoman() {
  const chosen = shallowRef<Chosen | null>(null)
  const found = shallowRef<Woman[] | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  /** A wristband that nobody has yet: it can be given to her whom one picks. */
  const newCode = ref('')

  const asking = latest()

  /** False where something else has been asked, or somebody picked, meanwhile. */
  async function ask(work: (current: () => boolean) => Promise<void>): Promise<boolean> {
    const current = asking()
    busy.value = true
    problem.value = null
    try {
      await work(current)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (current()) problem.value = error
    }
    if (!current()) return false
    busy.value = false
    return true
  }

  async function scanned(code: string): Promise<void> {
    chosen.value = null
    newCode.value = ''
    const answered = await ask(async (current) => {
      const { pregnancy_id } = await api.post<{ pregnancy_id: string }>('/api/ctg/wristbands/find', { code })
      const hers = await api.get<Pregnancy>(`/api/pregnancies/${pregnancy_id}`)
      if (current()) chosen.value = { pregnancy_id, name: hers.name, gestation_days: hers.gestation_days, means: 'wristband' }
    })
    if (answered && problem.value?.code === 'ctg.wristband_unknown') newCode.value = code
  }

  async function search(name: string): Promise<void> {
    const q = name.trim()
    if (q === '') return
    await ask(async (current) => {
      const women = await api.get<Woman[]>('/api/patients', { q })
      if (current()) found.value = women
    })
  }

  function pick(woman: Woman): void {
    if (woman.pregnancy_id === null) return
    asking()
    busy.value = false
    problem.value = null
    chosen.value = { pregnancy_id: woman.pregnancy_id, name: woman.name, gestation_days: woman.gestation_days, means: 'list' }
  }

  return { chosen, found, problem, busy, newCode, scanned, search, pick }
}
