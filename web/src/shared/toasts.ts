/** Short messages at the edge of the page; failures stay until they are closed. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

import type { Problem } from '@/api/problem'

import { eventPath } from './casePlace'

export interface Toast {
  id: number
  kind: 'success' | 'info' | 'failure' | 'notice'
  text: string
  problem: Problem | null
  /** A notice's case, to be opened from here. */
  caseId: string | null
}

const SHOWN_MS = 5_000
/** A notice is also on the board and the case; the toast need not stay for ever. */
const NOTICE_MS = 30_000

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let next = 1

  function add(kind: Toast['kind'], text: string, problem: Problem | null = null, caseId: string | null = null): void {
    const id = next++
    // The same failure twice (a poll and a click) is one message.
    if (problem !== null) toasts.value = toasts.value.filter((t) => t.problem?.code !== problem.code)
    // The newest success says enough: a stack of them hides the page of a telephone.
    if (kind === 'success') toasts.value = toasts.value.filter((t) => t.kind !== 'success')
    toasts.value = [...toasts.value.slice(-3), { id, kind, text, problem, caseId }]
    if (kind !== 'failure') setTimeout(() => close(id), kind === 'notice' && location.pathname !== eventPath(text, caseId ?? '') ? NOTICE_MS : SHOWN_MS)
  }

  function close(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  return {
    toasts,
    close,
    success: (text: string) => add('success', text),
    info: (text: string) => add('info', text),
    failure: (text: string) => add('failure', text),
    problem: (problem: Problem) => add('failure', '', problem),
    /** Something happened to a case of mine; `code` is worded where it is shown. */
    notice: (code: string, caseId: string) => add('notice', code, null, caseId),
  }
})
