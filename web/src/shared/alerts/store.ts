/** Incoming pages of the signed-in person: shown, sounding and counted until answered. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Page } from '@/api/types'
import type { StreamMessage } from '@/stream/socket'

import { useLive } from '../live'
import { serverNow } from '../clock'
import { useSession } from '../session'
import { useToasts } from '../toasts'
import { Buzz } from './buzz'
import { AlarmSound, type SoundState } from './sound'
import { type Alert, type AlertState, NO_ALERTS, againOf, arrived, listed, loudest, missingOf, settled } from './state'

/** An exhausted page has nobody left to climb to, so it goes on ringing for those it reached. */
const PAGE_OVER = new Set(['acknowledged', 'cancelled'])
const MINE_OVER = new Set(['acknowledged', 'declined'])

/** 接听, 拒绝, 转下一位. */
export type Answer = 'acknowledge' | 'decline' | 'pass-on'

export const useAlerts = defineStore('alerts', () => {
  const live = useLive()
  const session = useSession()
  const toasts = useToasts()
  const state = shallowRef<AlertState>(NO_ALERTS)
  const soundState = ref<SoundState>('locked')
  const signedOn = ref(false)
  const buzz = new Buzz()
  /** Lists that were asked for, the newest that was taken, and after which of them each page rang. */
  let asked = 0
  let taken = 0
  const rang = new Map<string, number>()
  const sound = new AlarmSound(undefined, (next) => (soundState.value = next))

  const open = computed(() => state.value.open)
  /** On duty on this device but it would stay silent: a red state, here and on the reach board. */
  const soundBlocked = computed(() => signedOn.value && soundState.value !== 'ready')

  watch(
    () => [loudest(state.value), soundState.value] as const,
    ([priority]) => {
      if (priority === null) sound.silence()
      else sound.ring('page', priority)
      buzz.follow(priority)
    },
  )

  /** Only those who treat or coordinate are ever paged; the list is closed to others. */
  async function refresh(): Promise<void> {
    if (!session.hasRole('referring_clinician', 'expert', 'coordinator', 'duty_desk')) return
    asked += 1
    const turn = asked
    const pages = await api.get<Page[]>('/api/pages/mine')
    // A slow answer says nothing of what a newer one has said, nor of who has signed out meanwhile.
    if (turn <= taken) return
    taken = turn
    const since = new Set([...rang].filter(([, after]) => after >= turn).map(([id]) => id))
    state.value = listed(state.value, pages.map((page) => alertOf(page, session.me?.person_id)), since)
    for (const id of rang.keys()) if (!since.has(id)) rang.delete(id)
    for (const page of pages) live.receipt(page.id, 'delivered')
  }

  function take(message: StreamMessage): void {
    if (message.type === 'welcome') void refresh().catch(() => undefined)
    if (message.type !== 'item') return
    const data = message.data
    const id = String(data['page_id'] ?? data['id'] ?? '')
    if (message.kind === 'page') {
      // Ring at once with what the item says; the list then adds what it does not.
      state.value = arrived(state.value, alertFrom(id, data))
      rang.set(id, asked)
      live.receipt(id, 'delivered')
      void refresh().catch(() => undefined)
    } else if (message.kind === 'page_update') {
      if (isOver(data, session.me?.person_id)) state.value = settled(state.value, id)
    } else if (message.kind === 'notice') {
      sound.once('message')
      toasts.notice(String(data['code'] ?? ''), String(data['case_id'] ?? data['change_id'] ?? data['duty_handover_id'] ?? data['plan_id'] ?? data['facility_id'] ?? ''))
    }
  }

  async function answer(pageId: string, path: Answer, body: object): Promise<Problem | null> {
    const submission = api.submission<Page>(`/api/pages/${pageId}/${path}`)
    try {
      await submission.send(body)
      state.value = settled(state.value, pageId)
      return null
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return error
    }
  }

  /** 上岗: must run inside a click, because only then may a browser open its loudspeaker. */
  async function signOn(): Promise<Problem | null> {
    const heard = sound.unlock()
    try {
      await api.post('/api/duty/sign-on', { device_id: deviceId() })
    } catch (error) {
      if (error instanceof Problem) return error
      throw error
    }
    signedOn.value = true
    remember(true)
    if (await heard) sound.once('test')
    return null
  }

  async function signOff(): Promise<void> {
    await api.post('/api/duty/sign-off', { device_id: deviceId() })
    signedOn.value = false
    remember(false)
  }

  async function unlock(): Promise<void> {
    if (await sound.unlock()) sound.once('test')
  }

  function remember(on: boolean): void {
    localStorage.setItem(`ys.signed-on.${session.me?.account_id ?? ''}`, on ? '1' : '')
  }

  let stopListening: (() => void) | null = null

  function start(): void {
    signedOn.value = localStorage.getItem(`ys.signed-on.${session.me?.account_id ?? ''}`) === '1'
    stopListening ??= live.listen(take)
    void refresh().catch(() => undefined)
  }

  function stop(): void {
    stopListening?.()
    stopListening = null
    taken = asked
    rang.clear()
    state.value = NO_ALERTS
    sound.silence()
    buzz.follow(null)
  }

  return { open, soundState, soundBlocked, signedOn, start, stop, refresh, answer, signOn, signOff, unlock }
})

function alertOf(page: Page, personId: string | undefined): Alert {
  const again = againOf(page, personId)
  return {
    pageId: page.id,
    caseId: page.case_id,
    level: page.level,
    reason: page.reason,
    title: page.title,
    step: page.step,
    createdAt: page.created_at,
    drill: page.drill,
    ...(page.sender ? { sender: page.sender.short_name } : {}),
    ...(again ? { again } : {}),
    missing: missingOf(page),
  }
}

function alertFrom(id: string, data: Record<string, unknown>): Alert {
  return {
    pageId: id,
    caseId: String(data['case_id'] ?? ''),
    level: String(data['level'] ?? ''),
    reason: String(data['event'] ?? ''),
    title: String(data['title'] ?? ''),
    step: Number(data['step'] ?? 0),
    createdAt: new Date(serverNow()).toISOString(),
    drill: data['drill'] === true,
  }
}

/** The page ended for everybody, a colleague of the specialty suffices, or I answered elsewhere. */
function isOver(data: Record<string, unknown>, personId: string | undefined): boolean {
  if (PAGE_OVER.has(String(data['page_state'] ?? ''))) return true
  if (Array.isArray(data['stood_down']) && data['stood_down'].includes(personId)) return true
  return data['person_id'] === personId && MINE_OVER.has(String(data['state'] ?? ''))
}

/** One id per browser profile, so that the reach board can tell a phone from the ward PC. */
function deviceId(): string {
  const key = 'ys.device'
  const known = localStorage.getItem(key)
  if (known !== null) return known
  const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('')
  localStorage.setItem(key, made)
  return made
}
