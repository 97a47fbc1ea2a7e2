/**
 * What is written in the rooms of a consultation: read on from the last number without a hole after
 * every hint and every cut, and how far one has read is told back.
 */
import { type Ref, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { useLive, useStreamMessages } from '@/shared/live'

import { merged, unbroken } from './chat'
import type { RoomChat, RoomMessage } from './types'

const POLL_MS = 15_000
const SETTLE_MS = 120
const RETRY_MS = 3_000

export interface Chat {
  messages: Ref<readonly RoomMessage[]>
  /** The newest answer: how far everybody is, and where one may write. */
  state: Ref<RoomChat | null>
  problem: Ref<Problem | null>
  unread: Ref<number>
  /** Whether the newest is in view of somebody who looks at it. */
  watch(inView: boolean): void
  refresh(): Promise<void>
  put(message: RoomMessage): void
}

export function useChat(consult: () => string): Chat {
  const live = useLive()
  const messages = shallowRef<readonly RoomMessage[]>([])
  const state = shallowRef<RoomChat | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const watched = ref(false)
  const own = computed(() => state.value?.readers.find((one) => one.mine) ?? null)
  const unread = computed(() => {
    const read = own.value?.read_to ?? 0
    return messages.value.filter((one) => !one.mine && one.n > read).length
  })
  let asking: Promise<void> | null = null
  let again = false
  let timer: ReturnType<typeof setTimeout> | null = null

  function take(answer: RoomChat): void {
    messages.value = merged(messages.value, answer.messages)
    state.value = answer
    problem.value = null
  }

  async function fetchAll(): Promise<void> {
    do {
      again = false
      const answer = await api.get<RoomChat>(`/api/consults/${consult()}/messages`, { after: unbroken(messages.value) })
      take(answer)
      again ||= answer.more
    } while (again)
    await mark()
  }

  /** One request at a time: what is asked meanwhile is asked once more after it. */
  async function refresh(): Promise<void> {
    again = true
    asking ??= fetchAll()
      .catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error
        problem.value = error
        later(RETRY_MS)
      })
      .finally(() => (asking = null))
    return asking
  }

  async function mark(): Promise<void> {
    const held = unbroken(messages.value)
    const read = watched.value && document.visibilityState === 'visible' ? held : (own.value?.read_to ?? 0)
    if (held <= (own.value?.delivered_to ?? 0) && read <= (own.value?.read_to ?? 0)) return
    take(await api.post<RoomChat>(`/api/consults/${consult()}/messages/marks`, { delivered_to: held, read_to: read }))
  }

  function later(ms: number): void {
    timer ??= setTimeout(() => {
      timer = null
      void refresh()
    }, ms)
  }

  function put(message: RoomMessage): void {
    messages.value = merged(messages.value, [message])
    later(0)
  }

  const look = (): void => {
    if (watched.value && document.visibilityState === 'visible' && unread.value > 0) later(0)
  }
  useStreamMessages((message) => {
    if (message.type === 'board' || (message.type === 'case' && message.case_id === consult())) later(SETTLE_MS)
  })
  watch(() => live.connections, () => void refresh())
  watch(watched, look)
  watch(consult, () => {
    messages.value = []
    state.value = null
    void refresh()
  })
  document.addEventListener('visibilitychange', look)
  const poll = setInterval(() => void refresh(), POLL_MS)
  onScopeDispose(() => {
    clearInterval(poll)
    if (timer !== null) clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  })
  void refresh()
  return { messages, state, problem, unread, watch: (inView) => (watched.value = inView), refresh, put }
}
