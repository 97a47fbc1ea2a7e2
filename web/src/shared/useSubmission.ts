/** A clinical write as a button shows it: sending → recorded (time) or not recorded (why). */
import { type Ref, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'

import { serverNow } from './clock'

export type SubmitState = 'idle' | 'sending' | 'recorded' | 'failed'

export interface UseSubmission<T> {
  state: Ref<SubmitState>
  problem: Ref<Problem | null>
  recordedAt: Ref<number | null>
  /** The answer, or null when it was not recorded (see `problem`). */
  send(body: unknown): Promise<T | null>
  /** The idempotency key in use, to be kept with a draft. */
  key(): string
  reset(): void
}

export function useSubmission<T>(path: () => string, key?: string, method: 'POST' | 'PATCH' = 'POST'): UseSubmission<T> {
  const state = ref<SubmitState>('idle')
  const problem = shallowRef<Problem | null>(null)
  const recordedAt = ref<number | null>(null)
  let at = path()
  let submission = api.submission<T>(at, key, method)

  async function send(body: unknown): Promise<T | null> {
    if (state.value === 'sending') return null
    if (path() !== at) {
      at = path()
      submission = api.submission<T>(at, undefined, method)
    }
    state.value = 'sending'
    problem.value = null
    try {
      const answer = await submission.send(body)
      state.value = 'recorded'
      recordedAt.value = serverNow()
      return answer
    } catch (error) {
      state.value = 'failed'
      if (!(error instanceof Problem)) throw error
      problem.value = error
      return null
    }
  }

  function reset(): void {
    state.value = 'idle'
    problem.value = null
    recordedAt.value = null
  }

  return { state, problem, recordedAt, send, key: () => submission.key, reset }
}
