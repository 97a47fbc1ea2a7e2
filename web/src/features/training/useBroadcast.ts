/** The class's room: those who teach send sound, face and screen; everybody else listens and looks. */
import { type Ref, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { Problem } from '@/api/problem'
import { CallClient } from '@/call/client'
import type { Person, Source, Ticket } from '@/call/messages'
import { ticketFrom } from '@/call/tickets'

const WANTED: Record<'microphone' | 'camera' | 'screen', () => Promise<MediaStream>> = {
  microphone: () => navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } }),
  camera: () => navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 15 } }),
  screen: () => navigator.mediaDevices.getDisplayMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 15 } } }),
}
export type Sent = keyof typeof WANTED

export interface Picture {
  key: string
  participant: string
  source: Source
  stream: MediaStream | null
}

export interface Broadcast {
  state: Ref<CallClient['state'] | 'idle'>
  /** Why there is no picture: the server's word, or a device that the browser does not give. */
  problem: Ref<Problem | null>
  blocked: Ref<Sent | null>
  sending: Ref<ReadonlySet<Source>>
  own: Ref<MediaStream | null>
  /** The shared screen first. */
  pictures: Ref<Picture[]>
  sounds: Ref<Picture[]>
  listeners: Ref<number>
  begin(): void
  toggle(source: Sent): Promise<void>
  leave(): void
}

export function useBroadcast(classId: () => string): Broadcast {
  const client = shallowRef<CallClient | null>(null)
  const version = ref(0)
  const problem = shallowRef<Problem | null>(null)
  const blocked = ref<Sent | null>(null)
  const tracks = shallowRef<ReadonlyMap<Source, MediaStreamTrack>>(new Map())
  const state = computed(() => {
    // The client is one object for its whole life: its changes are counted.
    void version.value
    return client.value?.state ?? 'idle'
  })
  const others = computed<Person[]>(() => {
    void version.value
    return client.value?.people.filter((one) => one.id !== client.value?.me) ?? []
  })
  const own = computed(() => {
    const track = tracks.value.get('screen') ?? tracks.value.get('camera')
    return track ? new MediaStream([track]) : null
  })
  const sent = (sources: readonly Source[]): Picture[] =>
    sources.flatMap((source) => others.value
      .filter((one) => one.sources.some((each) => each.source === source && !each.muted))
      .map((one) => ({ key: `${one.id}/${source}`, participant: one.id, source, stream: client.value?.stream(one.id, source) ?? null })))
  const pictures = computed(() => sent(['screen', 'ultrasound', 'camera']))
  const sounds = computed(() => sent(['microphone']))
  watch(pictures, (shown) => {
    for (const one of shown) client.value?.show(one.participant, one.source, 'high')
  })
  const listeners = computed(() => others.value.filter((one) => one.role === 'listener' && one.here).length)

  async function ticket(): Promise<Ticket> {
    try {
      const given = await ticketFrom(`/api/training/classes/${classId()}/tickets`)
      problem.value = null
      return given
    } catch (error) {
      if (error instanceof Problem) problem.value = error
      throw error
    }
  }

  function begin(): void {
    client.value?.leave()
    client.value = new CallClient(ticket, () => (version.value += 1))
    client.value.start(tracks.value)
  }

  function put(source: Source, track: MediaStreamTrack | null): void {
    const next = new Map(tracks.value)
    next.get(source)?.stop()
    if (track) next.set(source, track)
    else next.delete(source)
    tracks.value = next
    client.value?.send(next)
  }

  async function toggle(source: Sent): Promise<void> {
    blocked.value = null
    if (tracks.value.has(source)) return put(source, null)
    try {
      const track = (await WANTED[source]()).getTracks()[0]
      if (!track) return
      track.onended = () => put(source, null)
      put(source, track)
    } catch {
      // Refused, missing or busy; whoever closes the browser's own question for a screen wants nothing.
      if (source !== 'screen') blocked.value = source
    }
  }

  function leave(): void {
    client.value?.leave()
    client.value = null
    for (const source of tracks.value.keys()) put(source, null)
  }

  onScopeDispose(leave)
  return { state, problem, blocked, sending: computed(() => new Set(tracks.value.keys())), own, pictures, sounds, listeners, begin, toggle, leave }
}
