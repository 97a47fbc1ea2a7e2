/** Where one points is said to the others, and where they point is shown for a moment. */
import { type InjectionKey, type Ref, inject, onScopeDispose, provide, ref, shallowRef } from 'vue'

import { EVERY_MS, type Place, type Pointer, TOPIC, fresh, heard } from './pointing'
import type { Call } from './useCall'

export interface Pointing {
  pointers: Ref<readonly Pointer[]>
  /** Whether one's own hand is shown to the others. */
  shows: Ref<boolean>
  point(place: Place): void
  away(): void
  toggle(): void
}

const KEY: InjectionKey<Pointing> = Symbol('pointing')
const SWEEP_MS = 500

export function providePointing(call: Call): Pointing {
  const pointers = shallowRef<readonly Pointer[]>([])
  const shows = ref(true)
  let saidAt = 0
  let waits: Place | null = null
  let timer: ReturnType<typeof setTimeout> | null = null

  function say(): void {
    timer = null
    if (!waits || !shows.value) return
    call.say(TOPIC, waits)
    waits = null
    saidAt = performance.now()
  }

  /** The newest place is said, never more often than the others need it. */
  function point(place: Place): void {
    waits = place
    timer ??= setTimeout(say, Math.max(0, EVERY_MS - (performance.now() - saidAt)))
  }

  function away(): void {
    waits = null
    if (shows.value) call.say(TOPIC, { on: null })
  }

  function toggle(): void {
    away()
    shows.value = !shows.value
  }

  call.onSaid((participant, topic, data) => {
    if (topic === TOPIC) pointers.value = heard(pointers.value, participant, data, performance.now())
  })
  const sweep = setInterval(() => {
    if (pointers.value.length > 0) pointers.value = fresh(pointers.value, performance.now())
  }, SWEEP_MS)
  onScopeDispose(() => {
    clearInterval(sweep)
    if (timer !== null) clearTimeout(timer)
  })
  const made = { pointers, shows, point, away, toggle }
  provide(KEY, made)
  return made
}

/** The room's pointing; null outside a room. */
export const usePointing = (): Pointing | null => inject(KEY, null)
