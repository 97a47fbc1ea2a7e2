/** The way into a room: asked for, perhaps waited for, and into the call as soon as one is let in. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'

import type { RecordingNow } from '@/call/messages'
import { type UseSubmission, useSubmission } from '@/shared/useSubmission'

import type { Admission } from './types'
import type { Call } from './useCall'

export interface Door {
  /** One's own newest admission. */
  mine: ComputedRef<Admission | null>
  inCall: ComputedRef<boolean>
  /** Whether the room is recorded, as the engine says. */
  recording: ComputedRef<RecordingNow | null>
  /** One asked to come in and is not in yet. */
  wanted: Ref<boolean>
  entering: Pick<UseSubmission<unknown>, 'problem'>
  enter(): Promise<void>
}

/**
 * @param people who is in the room or waits; null where no room is open.
 * @param paths where one asks to come in, and where tickets are given.
 * @param took takes what the request answered.
 */
export function useDoor<T>(call: Call, people: () => readonly Admission[] | null, paths: () => { enter: string; tickets: string }, took: (answer: T) => void): Door {
  const wanted = ref(false)
  const mine = computed(() => [...(people() ?? [])].reverse().find((one) => one.mine) ?? null)
  const inCall = computed(() => ['connecting', 'connected', 'reconnecting'].includes(call.state.value))
  const recording = computed(() => {
    void call.version.value
    return call.client.value?.recording ?? null
  })
  const entering = useSubmission<T>(() => paths().enter)

  async function enter(): Promise<void> {
    entering.reset()
    wanted.value = true
    const next = await entering.send({})
    if (next) took(next)
    else wanted.value = false
  }

  watch([wanted, mine], () => {
    if (!wanted.value || people() === null || mine.value?.state !== 'admitted') return
    wanted.value = false
    call.begin(paths().tickets)
  })
  return { mine, inCall, recording, wanted, entering, enter }
}
