/** A call as the page sees it: made when asked, counted up at every change, left with the page. */
import { type Ref, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { CallClient } from '@/call/client'
import type { Layer, Source } from '@/call/messages'
import { ticketFrom } from '@/call/tickets'

import type { Devices } from './useDevices'

const LEVEL_MS = 500

export interface Call {
  client: Ref<CallClient | null>
  /** Read it to follow the call's changes. */
  version: Ref<number>
  state: Ref<CallClient['state'] | 'idle'>
  muted: Ref<ReadonlySet<Source>>
  loudest: Ref<string | null>
  /** Enter with a ticket from this path, and with another one from there after every loss. */
  begin(tickets: string): void
  toggle(source: Source): void
  show(participant: string, source: Source, layer: Layer): void
  /** A word for the others' pages, which is not kept. */
  say(topic: string, data: unknown): void
  onSaid(listener: (participant: string, topic: string, data: unknown) => void): void
  leave(): void
}

export function useCall(devices: Devices): Call {
  const client = shallowRef<CallClient | null>(null)
  const version = ref(0)
  const muted = ref<ReadonlySet<Source>>(new Set())
  const loudest = ref<string | null>(null)
  const listeners = new Set<(participant: string, topic: string, data: unknown) => void>()
  const state = computed(() => {
    void version.value
    return client.value?.state ?? 'idle'
  })

  function begin(tickets: string): void {
    client.value?.leave()
    const made = new CallClient(
      () => ticketFrom(tickets),
      () => (version.value += 1),
      (...said) => listeners.forEach((listener) => listener(...said)),
    )
    client.value = made
    made.start(devices.tracks.value)
    for (const source of muted.value) made.mute(source, true)
  }

  function toggle(source: Source): void {
    const off = !muted.value.has(source)
    const next = new Set(muted.value)
    if (off) next.add(source)
    else next.delete(source)
    muted.value = next
    const track = devices.tracks.value.get(source)
    // The device's own light goes out too.
    if (track) track.enabled = !off
    client.value?.mute(source, off)
  }

  function leave(): void {
    client.value?.leave()
  }

  watch(devices.tracks, (tracks) => client.value?.send(tracks))
  const timer = setInterval(() => {
    void client.value?.loudest().then((who) => (loudest.value = who))
  }, LEVEL_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    client.value?.leave()
  })
  return { client, version, state, muted, loudest, begin, toggle, show: (...what) => client.value?.show(...what), say: (...what) => client.value?.say(...what), onSaid: (listener) => listeners.add(listener), leave }
}
