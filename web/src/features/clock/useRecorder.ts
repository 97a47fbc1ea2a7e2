/**
 * Moments on their way to the server. One that could not be sent is kept with the second at which
 * it was pressed, survives a reload, and goes out as a late entry once the line is back.
 */
import { type Ref, computed, ref, shallowRef, watch } from 'vue'

import { api } from '@/api/client'
import type { CaseClock } from '@/api/course'
import { Problem } from '@/api/problem'
import { milestoneNamed } from '@/shared/clocks/reading'
import { serverNow } from '@/shared/clock'
import { useLang } from '@/shared/i18n'
import { useLive } from '@/shared/live'
import { useDraft } from '@/shared/useDraft'
import type { LiveData } from '@/shared/useLiveData'

export interface Kept {
  kind: string
  said: Record<string, unknown>
  /** Server time of the press in milliseconds. */
  at: number
}

/** How far apart the press and the server's record of it may lie and still be the same moment. */
const SAME_MS = 30_000

export interface Recorder {
  kept: Ref<readonly Kept[]>
  sending: Ref<boolean>
  problem: Ref<Problem | null>
  record(kind: string, said: Record<string, unknown>): Promise<void>
}

export function useRecorder(caseId: string, clock: LiveData<CaseClock>): Recorder {
  const live = useLive()
  const { t } = useLang()
  const draft = useDraft(`clock.${caseId}`, () => ({ kept: [] as Kept[] }))
  const sending = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const path = `/api/referrals/${caseId}/milestones`

  let turn = Promise.resolve()

  /** One after the other: two fingers in a hurry lose nothing. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work, work)
    return turn
  }

  function record(kind: string, said: Record<string, unknown>): Promise<void> {
    const at = serverNow()
    return inTurn(() => send(kind, said, at))
  }

  async function send(kind: string, said: Record<string, unknown>, at: number): Promise<void> {
    sending.value = true
    problem.value = null
    try {
      if (live.link.state === 'offline') throw Problem.from('network')
      await api.submission(path).send({ kind, ...said })
      await clock.refresh()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
      if (error.outcomeUnknown) draft.value.value.kept.push({ kind, said, at })
    } finally {
      sending.value = false
    }
  }

  /** An attempt whose outcome nobody knew may have arrived: the server's clock says so. */
  function arrived(one: Kept): boolean {
    const found = clock.data.value === null ? null : milestoneNamed(clock.data.value, one.kind)
    return found !== null && Math.abs(Date.parse(found.at) - one.at) < SAME_MS
  }

  async function sendKept(): Promise<void> {
    if (draft.value.value.kept.length === 0) return
    sending.value = true
    try {
      await clock.refresh()
      while (draft.value.value.kept.length > 0) {
        const one = draft.value.value.kept[0] as Kept
        if (!arrived(one)) {
          const late = { at: new Date(one.at).toISOString(), late_reason: t('clock.offline_reason') }
          await api.submission(path).send({ kind: one.kind, ...one.said, ...late })
        }
        draft.value.value.kept.shift()
      }
      problem.value = null
      await clock.refresh()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    } finally {
      sending.value = false
    }
  }

  watch(
    () => live.connections,
    () => void inTurn(sendKept),
    { immediate: true },
  )
  return { kept: computed(() => draft.value.value.kept), sending, problem, record }
}
