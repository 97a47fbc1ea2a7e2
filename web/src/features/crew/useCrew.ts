/** The crew's page as a whole: the last view, what waits on the phone, and the rounds of handing over. */
import { type InjectionKey, type Ref, computed, inject, onScopeDispose, provide, ref, shallowRef } from 'vue'

import { api, newKey } from '@/api/client'
import type { CrewEntry, CrewNow, CrewView } from '@/api/crew'
import { Problem } from '@/api/problem'

import { markOf } from './mark'
import { CrewOutbox } from './outbox'
import { usePosition } from './position'
import { ON_ROAD, projected } from './road'
import { type Kept, PhoneStore } from './store'

export type CrewPhase = 'starting' | 'ready' | 'unreached' | 'over' | 'no_link'
/** Whether the server answers: `silent` means that there is a network, and no answer. */
export type CrewContact = 'online' | 'offline' | 'silent'

export interface Crew {
  phase: Ref<CrewPhase>
  /** Why the last round failed although the server answered, or why the page is closed. */
  problem: Ref<Problem | null>
  view: Ref<CrewView | null>
  now: Ref<CrewNow | null>
  waiting: Ref<CrewEntry[]>
  strayed: Ref<number>
  contact: Ref<CrewContact>
  syncing: Ref<boolean>
  syncedAt: Ref<number | null>
  leg: Ref<CrewNow['leg_state']>
  here: ReturnType<typeof usePosition>['here']
  /** Milliseconds since 1970 by the server's clock, as far as this phone knows it. */
  clockNow(): number
  enter(kind: string, data: Record<string, unknown>, happenedAt?: number | null): Promise<void>
  start(): Promise<void>
  sync(): Promise<void>
}

const KEY: InjectionKey<Crew> = Symbol('crew')
const DEFAULT_POLL_S = 20
const AFTER_ALL = '9'

export function provideCrew(): Crew {
  const store = new PhoneStore(newKey)
  const outbox = new CrewOutbox(api, store, newKey)
  const phase = ref<CrewPhase>('starting')
  const problem = shallowRef<Problem | null>(null)
  const view = shallowRef<CrewView | null>(null)
  const now = shallowRef<CrewNow | null>(null)
  const waiting = shallowRef<CrewEntry[]>([])
  const strayed = ref(0)
  const contact = ref<CrewContact>(navigator.onLine ? 'online' : 'offline')
  const syncing = ref(false)
  const syncedAt = ref<number | null>(null)
  let wanted = false
  const leg = computed(() => (now.value === null ? 'planned' : projected(now.value, waiting.value)))
  const position = usePosition(
    () => ON_ROAD.includes(leg.value) && phase.value === 'ready',
    () => (view.value?.sample_s ?? 30) * 1000,
    (fix) => void store.addFix(fix),
  )

  function show(next: CrewView): void {
    view.value = next
    now.value = next.now
    phase.value = 'ready'
  }

  async function recount(): Promise<void> {
    const link = view.value?.link_id ?? ''
    waiting.value = await store.entries(link)
    strayed.value = await store.strayed(link)
  }

  async function start(): Promise<void> {
    const kept = await store.load()
    outbox.deviceId = kept.deviceId
    syncedAt.value = kept.syncedAt
    const token = location.hash.slice(1)
    const mark = token === '' ? kept.mark : await markOf(token)
    try {
      if (token !== '') await comeIn(token, mark, kept)
      show(await outbox.fetchView())
    } catch (error) {
      failed(error)
      await withoutAnswer(kept, mark, token !== '' || kept.view !== null)
    }
    await recount()
    await sync()
  }

  /** By a fresh address; entries of the link before it get their last chance while its cookie is there. */
  async function comeIn(token: string, mark: string | null, kept: Kept): Promise<void> {
    const before = kept.view?.link_id
    if (before !== undefined && (await store.entries(before)).length > 0) await outbox.sync(before).catch(() => undefined)
    await outbox.open(token)
    if (mark !== null && mark !== kept.mark) {
      await store.forgetFixes(AFTER_ALL)
      await store.keepMark(mark)
    }
    history.replaceState(history.state, '', location.pathname)
  }

  async function withoutAnswer(kept: Kept, mark: string | null, hadLink: boolean): Promise<void> {
    if (problem.value?.outcomeUnknown !== true) await end(hadLink)
    // What is kept belongs to another address: showing it would show another woman.
    else if (kept.view === null || kept.mark !== mark) phase.value = 'unreached'
    else show(kept.view)
  }

  function failed(error: unknown): void {
    if (!(error instanceof Problem)) throw error
    problem.value = error
    contact.value = !error.outcomeUnknown ? 'online' : error.local === 'network' ? 'offline' : 'silent'
  }

  /** The link is over: what identifies her leaves the phone; entries stay until handed over. */
  async function end(hadLink: boolean): Promise<void> {
    await store.keepView(null)
    phase.value = hadLink ? 'over' : 'no_link'
  }

  async function sync(): Promise<void> {
    const link = view.value?.link_id
    if (link === undefined || phase.value !== 'ready') return
    // Entered while a round is under way: that round may have read the list before.
    wanted = syncing.value
    if (syncing.value) return
    syncing.value = true
    try {
      const handed = await outbox.sync(link)
      now.value = handed.now
      if (view.value !== null) await store.keepView({ ...view.value, now: handed.now })
      problem.value = null
      contact.value = 'online'
      syncedAt.value = Date.now()
      await store.keepSynced(syncedAt.value)
    } catch (error) {
      failed(error)
      if (problem.value?.notSignedIn) await end(true)
    } finally {
      syncing.value = false
      await recount()
    }
    if (wanted) await sync()
  }

  async function enter(kind: string, data: Record<string, unknown>, happenedAt: number | null = null): Promise<void> {
    const link = view.value?.link_id
    if (link === undefined) return
    const destinationId = now.value?.destination.facility.id ?? null
    await outbox.keep(link, kind, data, { destinationId, happenedAt })
    await recount()
    void sync()
  }

  let timer: ReturnType<typeof setTimeout>
  function again(): void {
    timer = setTimeout(() => void sync().finally(again), (view.value?.poll_s ?? DEFAULT_POLL_S) * 1000)
  }
  const back = (): void => void sync()
  const lost = (): void => {
    contact.value = 'offline'
  }
  window.addEventListener('online', back)
  window.addEventListener('offline', lost)
  onScopeDispose(() => {
    clearTimeout(timer)
    window.removeEventListener('online', back)
    window.removeEventListener('offline', lost)
  })
  again()
  void start()

  const crew: Crew = {
    phase, problem, view, now, waiting, strayed, contact, syncing, syncedAt, leg, here: position.here,
    clockNow: () => outbox.clock.now(),
    enter, start, sync,
  }
  provide(KEY, crew)
  return crew
}

export function useCrew(): Crew {
  const crew = inject(KEY)
  if (crew === undefined) throw new Error('useCrew outside the crew page')
  return crew
}
