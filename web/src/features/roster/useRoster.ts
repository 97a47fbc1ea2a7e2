/** The calendar as somebody chose to look at it; the choice stands in the address. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { api } from '@/api/client'
import { useSession } from '@/shared/session'
import { type LiveData, useLiveData } from '@/shared/useLiveData'
import { useNow } from '@/shared/useNow'
import { usePhone } from '@/shared/usePhone'

import { DAY_MS, type View, addDays, dayStart, daysBetween, dutyDate, iso, momentOf, step, windowOf } from './days'
import type { PlanSummary, RosterCalendar, RosterGroup, RosterGroups } from './types'

export interface UseRoster {
  view: Ref<View>
  by: Ref<'group' | 'person'>
  date: Ref<string>
  facility: Ref<string>
  group: Ref<string>
  /** What was known at that moment; empty for now. A `datetime-local` value. */
  known: Ref<string>
  days: ComputedRef<string[]>
  today: ComputedRef<string>
  calendar: LiveData<RosterCalendar>
  plans: LiveData<PlanSummary[]>
  /** The chosen group alone, or all. */
  groups: ComputedRef<RosterGroup[]>
  /** The calendar with only what belongs to the chosen group. */
  shown: ComputedRef<RosterCalendar | null>
  /** The viewer rosters this house and looks at what is known now. */
  mayCover: ComputedRef<boolean>
  go(by: 1 | -1): void
  goToday(): void
}

const VIEWS = new Set(['month', 'week', 'list'])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export function useRoster(): UseRoster {
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  const now = useNow()
  const phone = usePhone()
  const asked = text(route.query['view'])
  const view = ref<View>(VIEWS.has(asked) ? (asked as View) : phone.value ? 'list' : 'month')
  const by = ref<'group' | 'person'>(route.query['by'] === 'person' ? 'person' : 'group')
  const date = ref(/^\d{4}-\d{2}-\d{2}$/.test(text(route.query['date'])) ? text(route.query['date']) : dutyDate(now.value))
  const facility = ref(text(route.query['facility']) || (session.me?.facility.id ?? ''))
  const group = ref(text(route.query['group']))
  const known = ref(text(route.query['known']))
  const today = computed(() => dutyDate(now.value))
  const days = computed(() => {
    const { first, last } = windowOf(view.value, date.value)
    // A list on a telephone begins today: nobody scrolls through what has been.
    const from = view.value === 'list' && first < today.value && today.value < last ? today.value : first
    return daysBetween(from, last)
  })

  const calendar = useLiveData<RosterCalendar>(() => {
    const first = days.value[0] ?? date.value
    const last = days.value[days.value.length - 1] ?? date.value
    return api.get<RosterCalendar>('/api/duty/calendar', {
      facility_id: facility.value,
      from: iso(dayStart(first)),
      to: iso(dayStart(addDays(last, 1))),
      as_known_at: known.value === '' ? undefined : iso(momentOf(known.value.slice(0, 10), known.value.slice(11, 16))),
    })
  })
  const plans = useLiveData<PlanSummary[]>(() => api.get<PlanSummary[]>('/api/duty/plans', { facility_id: facility.value, state: 'published' }), undefined, 300_000)

  const office = useLiveData<RosterGroups>(() => api.get<RosterGroups>('/api/duty/groups', { facility_id: facility.value }), undefined, 600_000)

  watch(facility, () => {
    group.value = ''
    office.data.value = null
    void office.refresh()
    calendar.data.value = null
    void plans.refresh()
  })
  watch([view, date, facility, known], () => void calendar.refresh())
  watch([view, by, date, facility, group, known], () => {
    const query: Record<string, string> = { view: view.value, by: by.value, date: date.value }
    if (facility.value !== session.me?.facility.id) query['facility'] = facility.value
    if (group.value !== '') query['group'] = group.value
    if (known.value !== '') query['known'] = known.value
    void router.replace({ query })
  })

  const groups = computed(() => (calendar.data.value?.groups ?? []).filter((one) => group.value === '' || one.id === group.value))
  const shown = computed(() => (calendar.data.value === null ? null : narrowed(calendar.data.value, groups.value)))

  return {
    view, by, date, facility, group, known, days, today, calendar, plans, groups, shown,
    mayCover: computed(() => known.value === '' && office.data.value?.may_edit === true),
    go: (way) => (date.value = step(view.value, date.value, way)),
    goToday: () => (date.value = today.value),
  }
}

/** A calendar of these groups only. */
export function narrowed(whole: RosterCalendar, groups: readonly RosterGroup[]): RosterCalendar {
  const slots = new Set(groups.flatMap((one) => one.slots.map((slot) => slot.id)))
  const shifts = whole.shifts.filter((one) => slots.has(one.slot_id))
  const people = new Set(shifts.map((one) => one.person.id))
  const ids = new Set(shifts.map((one) => one.id))
  return {
    ...whole,
    groups: [...groups],
    shifts,
    gaps: whole.gaps.filter((one) => slots.has(one.slot_id)),
    clashes: whole.clashes.filter((one) => one.shift_ids.some((id) => ids.has(id))),
    leave: whole.leave.filter((one) => people.has(one.person_id)),
  }
}

/** Published plans that reach into these days, for the sheet's foot. */
export function plansOver(plans: readonly PlanSummary[], groupId: string, days: readonly string[]): PlanSummary[] {
  const first = dayStart(days[0] ?? '1970-01-01')
  const last = dayStart(days[days.length - 1] ?? '1970-01-01') + DAY_MS
  return plans.filter((plan) => plan.group_id === groupId && Date.parse(plan.from) < last && first < Date.parse(plan.to))
}
