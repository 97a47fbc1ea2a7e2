/** A strip as somebody saw it: the kept seconds of one view, never live. */
import { type Ref, ref, shallowRef, watch } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { FRAME_BYTES, Frame, decodeFrame } from '@/stream/frames'
import { StripRing } from '@/strip/ring'

/** Three hours, the longest window, with room for what surrounds it. */
const RING_SECONDS = 10_900

export interface Seen {
  ring: StripRing
  state: Ref<'loading' | 'shown' | 'failed'>
  problem: Ref<Problem | null>
  load(): Promise<void>
}

export function useSeen(path: Ref<string | null>): Seen {
  const ring = new StripRing(RING_SECONDS)
  const state = ref<'loading' | 'shown' | 'failed'>('loading')
  const problem = shallowRef<Problem | null>(null)

  async function load(): Promise<void> {
    const wanted = path.value
    if (wanted === null) return
    state.value = 'loading'
    problem.value = null
    try {
      const bytes = await (await api.download(wanted)).arrayBuffer()
      if (path.value !== wanted) return
      ring.clear()
      const view = new DataView(bytes)
      const frame = new Frame()
      for (let at = 0; at + FRAME_BYTES <= bytes.byteLength; at += FRAME_BYTES) {
        decodeFrame(view, at, frame)
        ring.put(frame)
      }
      state.value = 'shown'
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
      state.value = 'failed'
    }
  }

  watch(path, load, { immediate: true })
  return { ring, state, problem, load }
}
