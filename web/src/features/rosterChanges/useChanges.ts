/** The viewer's changes, kept true by notices; one write at a time, said aloud when it is recorded. */
import { ref } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { useLang } from '@/shared/i18n'
import { useWaiting } from '@/shared/rosters/waiting'
import { useToasts } from '@/shared/toasts'
import { type LiveData, useLiveData } from '@/shared/useLiveData'
import type { StreamMessage } from '@/stream/socket'

import type { Change } from './types'

const POLL_MS = 30_000

/** A notice about a change, a handover or a shift: look again. */
export function concernsDuty(message: StreamMessage): boolean {
  return message.type === 'item' && message.kind === 'notice' && String(message.data['code'] ?? '').startsWith('duty.')
}

export function useChanges(path = '/api/duty/changes'): LiveData<Change[]> {
  return useLiveData<Change[]>(() => api.get<Change[]>(path), concernsDuty, POLL_MS)
}

export function useAnswer(after: () => void): { busy: ReturnType<typeof ref<string>>; answer(change: Change, action: string, body?: object): Promise<boolean> } {
  const toasts = useToasts()
  const waiting = useWaiting()
  const { t } = useLang()
  const busy = ref<string>()

  async function answer(change: Change, action: string, body: object = {}): Promise<boolean> {
    busy.value = `${change.id}.${action}`
    try {
      await api.post(`/api/duty/changes/${change.id}/${action}`, { rev: change.rev, ...body })
      toasts.success(t(`roster_changes.done.${action}`))
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      toasts.problem(error)
      return false
    } finally {
      busy.value = undefined
      void waiting.refresh()
      after()
    }
  }
  return { busy, answer }
}
