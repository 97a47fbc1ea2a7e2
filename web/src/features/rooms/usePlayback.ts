/** Plays many files on one clock: each element is brought to its place and kept there. */
import { type Ref, computed, onScopeDispose, ref } from 'vue'

import { afterRest, placeIn, timelineOf } from './playback'
import type { RecordingPart } from './types'

/** Further off than this an element is moved; nearer, it goes a little faster or slower until it is there. */
const APART_S = 0.25
const NEAR_S = 0.03
const HASTE = 0.08
const TICK_MS = 40

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
    const ahead = element.currentTime - place
    const wanted = rate.value * (Math.abs(ahead) <= NEAR_S ? 1 : 1 - Math.sign(ahead) * HASTE)
    if (element.playbackRate !== wanted) element.playbackRate = wanted
    // What stands is put exactly; what runs is not made to stutter for a little.
    if (Math.abs(ahead) > (wants.value ? APART_S : NEAR_S) && !element.seeking) element.currentTime = place
    const ready = element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
    const held = !wants.value || waiting.value
    if (held && !element.paused) element.pause()
    else if (!held && element.paused && ready && !element.ended) void element.play().catch(() => (wants.value = false))
    // What has come to its own end keeps nobody waiting.
    return ready || element.ended || element.error !== null
  }

  /** The moment that is heard now, or seen where nobody is heard: the clock goes by it. */
  function led(): number | null {
    const running = [...elements.values()].filter(({ part, element }) => !element.paused && !element.seeking && !element.ended && placeIn(part, at.value) !== null)
    const lead = running.find(({ part }) => part.source === 'microphone') ?? running[0]
    return lead ? Date.parse(lead.part.began_at) + lead.element.currentTime * 1000 : null
  }

  function tick(): void {
    const now = performance.now()
    const passed = at.value + (now - before) * rate.value
    before = now
    if (wants.value && !waiting.value) {
      const lead = led()
      const next = lead !== null && Math.abs(lead - passed) < APART_S * 1000 ? lead : passed
      at.value = Math.min(to, afterRest(parts, next))
      if (at.value >= to) wants.value = false
    }
    waiting.value = ![...elements.values()].map(follow).every(Boolean)
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
