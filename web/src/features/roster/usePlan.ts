/** One plan on the board: its draft, what is wrong with it, and every change with its way back. */
import { type ComputedRef, type Ref, computed, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { concernsPlans, useWaiting } from '@/shared/rosters/waiting'
import { useToasts } from '@/shared/toasts'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { addDays, dayStart, daysBetween, dutyDate } from './days'
import { type Changes, isEmpty, undoing } from './edits'
import { type Wrong, inOrder, wrong } from './grid'
import type { Candidate, PlanMade, PlanOut, RosterCalendar, Shift } from './types'

/** A plan and its calendar are one answer: a slow one never stands beside a newer. */
interface Drawn {
  plan: PlanOut
  calendar: RosterCalendar | null
  problem: Problem | null
}

export interface UsePlan {
  plan: { data: ComputedRef<PlanOut | null>; problem: Ref<Problem | null> }
  calendar: ComputedRef<RosterCalendar | null>
  problem: ComputedRef<Problem | null>
  candidates: Ref<Candidate[]>
  days: ComputedRef<string[]>
  wrongs: ComputedRef<Wrong[]>
  /** How many duty days each person has in the draft. */
  loads: ComputedRef<Map<string, number>>
  editable: ComputedRef<boolean>
  busy: Ref<boolean>
  /** Why the last step was refused; said where the steps are. */
  refused: Ref<Problem | null>
  undoable: ComputedRef<number>
  apply(changes: Changes): Promise<boolean>
  undo(): Promise<void>
  fill(replace: boolean): Promise<void>
  act(action: string, more?: Record<string, unknown>): Promise<boolean>
  refresh(): Promise<void>
}

const UNDO_STEPS = 50

export function usePlan(planId: string): UsePlan {
  const toasts = useToasts()
  const waiting = useWaiting()
  const candidates = shallowRef<Candidate[]>([])
  const busy = ref(false)
  const refused = shallowRef<Problem | null>(null)
  const history = ref<Shift[][]>([])

  const drawn: LiveData<Drawn> = useLiveData<Drawn>(async () => {
    const found = await api.get<PlanOut>(`/api/duty/plans/${planId}`)
    try {
      return { plan: found, calendar: await calendarOf(found), problem: null }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return { plan: found, calendar: calendar.value, problem: error }
    }
  }, concernsPlans)
  const plan = { data: computed(() => drawn.data.value?.plan ?? null), problem: drawn.problem }
  const calendar: ComputedRef<RosterCalendar | null> = computed(() => drawn.data.value?.calendar ?? null)
  const problem = computed(() => drawn.data.value?.problem ?? null)

  async function calendarOf(found: PlanOut): Promise<RosterCalendar> {
    const { facility_id, group_id, from, to } = found.plan
    const draft = found.plan.state === 'published' || found.plan.state === 'discarded' ? undefined : planId
    const calendar = await api.get<RosterCalendar>('/api/duty/calendar', { facility_id, group_id, from, to, plan_id: draft })
    if (candidates.value.length === 0) candidates.value = await api.get<Candidate[]>('/api/duty/candidates', { facility_id })
    return calendar
  }

  const editable = computed(() => plan.data.value?.plan.state === 'draft' && plan.data.value.plan.actions.includes('submit'))
  const drafts = computed(() => (calendar.value?.shifts ?? []).filter((shift) => shift.draft))
  const days = computed(() => {
    const found = plan.data.value?.plan
    if (found === undefined) return []
    return daysBetween(dutyDate(Date.parse(found.from)), addDays(dutyDate(Date.parse(found.to) - 1), 1))
  })
  const wrongs = computed(() =>
    inOrder((plan.data.value?.findings ?? []).map((one) => wrong(one.kind, one.slot_id, { from: Date.parse(one.from), to: Date.parse(one.to) }, one.person_id, true))),
  )
  const loads = computed(() => {
    const found = new Map<string, number>()
    for (const shift of drafts.value) {
      const count = days.value.filter((day) => Date.parse(shift.from) < dayStart(addDays(day, 1)) && dayStart(day) < Date.parse(shift.to)).length
      found.set(shift.person.id, (found.get(shift.person.id) ?? 0) + count)
    }
    return found
  })

  async function tried(work: () => Promise<unknown>, say: (problem: Problem) => void = toasts.problem): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    refused.value = null
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      say(error)
      return false
    } finally {
      // Whatever was answered, the page shows what the server has now.
      await drawn.refresh()
      busy.value = false
    }
  }

  async function write(changes: Changes): Promise<void> {
    await api.put<PlanMade>(`/api/duty/plans/${planId}/entries`, { version: plan.data.value?.plan.version ?? 0, ...changes })
  }

  async function apply(changes: Changes): Promise<boolean> {
    if (isEmpty(changes)) return false
    const before = drafts.value
    const done = await tried(() => write(changes))
    if (done) history.value = [...history.value.slice(1 - UNDO_STEPS), before]
    return done
  }

  async function undo(): Promise<void> {
    const before = history.value[history.value.length - 1]
    if (before === undefined) return
    if (await tried(() => write(undoing(before, drafts.value)))) history.value = history.value.slice(0, -1)
  }

  function step(name: string, more: Record<string, unknown>): Promise<PlanMade> {
    return api.submission<PlanMade>(`/api/duty/plans/${planId}/${name}`).send({ version: plan.data.value?.plan.version ?? 0, ...more })
  }

  async function fill(replace: boolean): Promise<void> {
    const before = drafts.value
    if (await tried(() => step('fill', { replace }))) history.value = [...history.value.slice(1 - UNDO_STEPS), before]
  }

  async function act(action: string, more: Record<string, unknown> = {}): Promise<boolean> {
    const done = await tried(() => step(action, more), (problem) => (refused.value = problem))
    if (done) history.value = []
    void waiting.refresh()
    return done
  }

  return {
    plan, calendar, problem, candidates, days, wrongs, loads, editable, busy, refused,
    undoable: computed(() => history.value.length),
    apply, undo, fill, act,
    refresh: () => drawn.refresh(),
  }
}
