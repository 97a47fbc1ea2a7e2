/**
 * Stills: asked of the page that sends the source, kept by it from its own track, seen by all.
 *
 * Where that page says nothing in time, the page that asked keeps what it received, and the record
 * says so.
 */
import { type Ref, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api, newKey } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Source } from '@/call/messages'
import { serverNow } from '@/shared/clock'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { frameOf, sheetsOf } from './grabbing'
import type { RoomStill } from './types'
import type { Call } from './useCall'
import type { Devices } from './useDevices'

const ASK = 'freeze'
const TAKEN = 'frozen'
/** So long the sending page may take to begin. */
const PATIENCE_MS = 3_000

export interface Stills {
  list: LiveData<RoomStill[]>
  /** The still that is looked at. */
  open: Ref<RoomStill | null>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  freeze(participant: string, source: Source): Promise<void>
  freezeTracing(panel: Element): Promise<void>
  look(id: string | null): void
  put(still: RoomStill): void
}

export function useStills(consult: () => string, room: () => string | null, call: Call, devices: Devices): Stills {
  const list = useLiveData<RoomStill[]>(
    () => api.get<RoomStill[]>(`/api/consults/${consult()}/stills`),
    (message) => message.type === 'case' && message.case_id === consult(),
  )
  const openId = ref<string | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const open = computed(() => list.data.value?.find((one) => one.id === openId.value) ?? null)
  const waiting = new Map<string, () => void>()
  const me = (): string | null => call.client.value?.me ?? null

  function put(still: RoomStill): void {
    const others = (list.data.value ?? []).filter((one) => one.id !== still.id)
    list.put([...others, still].sort((a, b) => a.kept_at.localeCompare(b.kept_at)))
  }

  async function keep(picture: Blob | null, source: RoomStill['source'], of: string, askedBy: string): Promise<void> {
    const at = room()
    if (!picture) throw Problem.from('unreadable')
    if (at === null) return
    const taken = new Date(serverNow()).toISOString()
    const query = new URLSearchParams({ source, of, asked_by: askedBy, taken_at: taken })
    const still = await api.upload<RoomStill>(`/api/rooms/${at}/stills?${query}`, picture).send(null)
    put(still)
    openId.value = still.id
  }

  async function busily(work: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    } finally {
      busy.value = false
    }
  }

  function answered(request: string): Promise<boolean> {
    return new Promise((done) => {
      const timer = setTimeout(() => done(false), PATIENCE_MS)
      waiting.set(request, () => {
        clearTimeout(timer)
        done(true)
      })
    }).finally(() => waiting.delete(request)) as Promise<boolean>
  }

  const freeze = (participant: string, source: Source): Promise<void> =>
    busily(async () => {
      const own = me()
      if (source === 'microphone' || own === null) return
      const track = participant === own ? devices.tracks.value.get(source) : undefined
      if (track) return keep(await frameOf(track), source, own, own)
      const request = newKey()
      call.say(ASK, { request, participant, source })
      if (await answered(request)) return
      const received = call.client.value?.stream(participant, source)?.getVideoTracks()[0]
      if (received) await keep(await frameOf(received), source, participant, own)
    })

  const freezeTracing = (panel: Element): Promise<void> =>
    busily(async () => {
      const own = me()
      if (own !== null) await keep(await sheetsOf(panel), 'tracing', own, own)
    })

  async function asked(by: string, request: string, source: Source): Promise<void> {
    const own = me()
    const track = devices.tracks.value.get(source)
    if (own === null || !track || source === 'microphone') return
    const picture = await frameOf(track)
    if (!picture) return
    call.say(TAKEN, { request })
    await busily(() => keep(picture, source, own, by))
  }

  call.onSaid((participant, topic, data) => {
    const said = (data ?? {}) as Record<string, unknown>
    const request = String(said['request'] ?? '')
    if (topic === ASK && said['participant'] === me()) void asked(participant, request, said['source'] as Source)
    else if (topic === TAKEN) waiting.get(request)?.()
  })
  // Whatever somebody stops is shown to all who are in the room.
  watch(list.data, (now, before) => {
    const newest = now?.at(-1)
    if (before && newest && !before.some((one) => one.id === newest.id)) openId.value = newest.id
  })
  onScopeDispose(() => waiting.clear())
  return { list, open, busy, problem, freeze, freezeTracing, look: (id) => (openId.value = id), put }
}
