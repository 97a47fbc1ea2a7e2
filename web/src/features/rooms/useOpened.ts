/** Something that is fetched when it is opened, and again when what it depends on has changed. */
import { type Ref, ref, shallowRef, watch } from 'vue'

import { Problem } from '@/api/problem'

export interface Opened<T> {
  open: Ref<boolean>
  data: Ref<T | null>
  problem: Ref<Problem | null>
  toggle(): void
}

export function useOpened<T>(fetcher: () => Promise<T>, depends: () => string): Opened<T> {
  const open = ref(false)
  const data = shallowRef<T | null>(null) as Ref<T | null>
  const problem = shallowRef<Problem | null>(null)

  async function load(): Promise<void> {
    if (!open.value) return
    try {
      data.value = await fetcher()
      problem.value = null
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    }
  }

  watch([open, depends], () => void load())
  return { open, data, problem, toggle: () => (open.value = !open.value) }
}
