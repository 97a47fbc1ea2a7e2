/** Plays many files on one clock: each element is brought to its place and kept there. */
import { type Ref, computed, onScopeDispose, ref } from 'vue'

import { afterRest, placeIn, timelineOf } from './playback'
import type { RecordingPart } from './types'

/** Further off than this an element is moved; nearer, it is left alone. */
const APART_S = 0.25
const TICK_MS = 100

export interface Playback {
  /** The moment that is heard and seen, milliseconds since 1970. */
  at: Ref<number>
  playing: Ref<boolean>
  /** Something that should be heard or seen is not there yet: the clock waits. */
  waiting: Ref<boolean>
  rate: Ref<number>
  from: number
  to: number
  attach(part: RecordingPart, element: HTMLMediaElement | null): void
  toggle(): void
  seek(at: number): void
}

export function usePlayback(parts: readonly RecordingPart[]): Playback {
  const { from, to } = timelineOf(parts)
  const at = ref(from)
  const wants = ref(false)
  const waiting = ref(false)
  const rate = ref(1)
  const elements = new Map<string, { part: RecordingPart; element: HTMLMediaElement }>()
  let before = performance.now()

  function attach(part: RecordingPart, element: HTMLMediaElement | null): void {
    if (element) elements.set(part.id, { part, element })
    else elements.delete(part.id)
  }

  function follow({ part, element }: { part: RecordingPart; element: HTMLMediaElement }): boolean {
    const place = placeIn(part, at.value)
    if (place === null) {
      if (!element.paused) element.pause()
      return true
    }
    element.playbackRate = rate.value
    if (Math.abs(element.currentTime - place) > APART_S && !element.seeking) element.currentTime = place
    const ready = element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
    if (!wants.value && !element.paused) element.pause()
    else if (wants.value && element.paused && ready && !element.ended) void element.play().catch(() => (wants.value = false))
    // What has come to its own end keeps nobody waiting.
    return ready || element.ended || element.error !== null
  }

  function tick(): void {
    const now = performance.now()
    const passed = (now - before) * rate.value
    before = now
    waiting.value = ![...elements.values()].map(follow).every(Boolean)
    if (!wants.value || waiting.value) return
    at.value = Math.min(to, afterRest(parts, at.value + passed))
    if (at.value >= to) wants.value = false
  }

  function seek(moment: number): void {
    at.value = Math.min(to, Math.max(from, afterRest(parts, moment)))
  }

  function toggle(): void {
    if (!wants.value && at.value >= to) at.value = from
    wants.value = !wants.value
  }

  const timer = setInterval(tick, TICK_MS)
  onScopeDispose(() => clearInterval(timer))
  return { at, playing: computed(() => wants.value), waiting, rate, from, to, attach, toggle, seek }
}
