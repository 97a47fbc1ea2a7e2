/**
 * Data that keeps itself true: fetched on start, on a hint from the stream, after every reconnect,
 * and now and then in case a hint was lost; again soon while the server cannot answer. An older
 * answer never overwrites a newer one.
 */
import { type Ref, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { Problem } from '@/api/problem'
import { reconnectWait } from '@/stream/backoff'
import type { StreamMessage } from '@/stream/socket'

import { serverNow } from './clock'
import { useLive, useStreamMessages } from './live'

export interface LiveData<T> {
  data: Ref<T | null>
  problem: Ref<Problem | null>
  loading: Ref<boolean>
  /** When the shown data were fetched, server time in milliseconds; null before the first. */
  fetchedAt: Ref<number | null>
  refresh(): Promise<void>
  /** Puts in what a write answered, without waiting for the hint. */
  put(value: T): void
}

const POLL_MS = 60_000
/** Hints come in bursts (one transition, several rows): one fetch answers them all. */
const SETTLE_MS = 120

export function useLiveData<T>(
  fetcher: () => Promise<T>,
  concerns: (message: StreamMessage) => boolean = () => false,
  pollMs = POLL_MS,
): LiveData<T> {
  const live = useLive()
  const data = shallowRef<T | null>(null) as Ref<T | null>
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(false)
  const fetchedAt = ref<number | null>(null)
  let started = 0
  let applied = 0
  let failed = 0
  let disposed = false
  let settle: ReturnType<typeof setTimeout> | null = null
  let again: ReturnType<typeof setTimeout> | null = null

  function shown(answer: T): void {
    data.value = answer
    problem.value = null
    fetchedAt.value = serverNow()
    failed = 0
    later(null)
  }

  function later(wait: number | null): void {
    if (again !== null) clearTimeout(again)
    again = wait === null || disposed ? null : setTimeout(() => void refresh(), wait)
  }

  async function refresh(): Promise<void> {
    started += 1
    const turn = started
    loading.value = true
    try {
      const answer = await fetcher()
      if (turn > applied) {
        applied = turn
        shown(answer)
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (turn > applied) {
        problem.value = error
        if (error.outcomeUnknown) later(reconnectWait(++failed))
      }
    } finally {
      if (turn === started) loading.value = false
    }
  }

  function put(value: T): void {
    started += 1
    applied = started
    shown(value)
  }

  useStreamMessages((message) => {
    // `board`: hints may have been lost on the server's side, perhaps one of ours.
    if ((message.type !== 'board' && !concerns(message)) || settle !== null) return
    settle = setTimeout(() => {
      settle = null
      void refresh()
    }, SETTLE_MS)
  })
  watch(() => live.connections, () => void refresh())
  const poll = setInterval(() => void refresh(), pollMs)
  onScopeDispose(() => {
    disposed = true
    clearInterval(poll)
    later(null)
    if (settle !== null) clearTimeout(settle)
  })
  void refresh()
  return { data, problem, loading, fetchedAt, refresh, put }
}
