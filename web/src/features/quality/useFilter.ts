/** Period, place and late entries: kept in the address, so that a number can be shown to others. */
import { type ComputedRef, computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { Query } from '@/api/client'
import { serverNow } from '@/shared/clock'

export const PERIODS = [7, 30, 90, 365] as const
const DAY_MS = 86_400_000
const DEFAULT_DAYS = 30
/** Two days of China's calendar, both counted: a form's quarter, say. */
const SPAN = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/

export interface Filter {
  days: number
  region: string
  facility: string
  late: 'with' | 'without'
  /** First and last day, as in 2026-07-01..2026-09-30; '' asks for the days above. */
  span: string
  /** A closed period, whose own days count; '' asks for the days above. */
  frozen: string
}

export interface UseFilter {
  filter: ComputedRef<Filter>
  set(change: Partial<Filter>): void
}

export function useFilter(): UseFilter {
  const route = useRoute()
  const router = useRouter()
  const filter = computed<Filter>(() => fromQuery(route.query))
  return {
    filter,
    set(change) {
      void router.replace({ query: toQuery({ ...filter.value, ...change }) })
    },
  }
}

export function fromQuery(query: Record<string, unknown>): Filter {
  const days = Number(query['days'])
  return {
    days: PERIODS.some((period) => period === days) ? days : DEFAULT_DAYS,
    region: typeof query['region'] === 'string' ? query['region'] : '',
    facility: typeof query['facility'] === 'string' ? query['facility'] : '',
    late: query['late'] === 'without' ? 'without' : 'with',
    span: typeof query['span'] === 'string' && daysOf(query['span']) !== null ? query['span'] : '',
    frozen: typeof query['frozen'] === 'string' ? query['frozen'] : '',
  }
}

/** What differs from the default, so that addresses stay short. */
export function toQuery(filter: Filter): Record<string, string> {
  return {
    ...(filter.days === DEFAULT_DAYS ? {} : { days: String(filter.days) }),
    ...(filter.region === '' ? {} : { region: filter.region }),
    ...(filter.facility === '' ? {} : { facility: filter.facility }),
    ...(filter.late === 'with' ? {} : { late: filter.late }),
    ...(filter.span === '' ? {} : { span: filter.span }),
    ...(filter.frozen === '' ? {} : { frozen: filter.frozen }),
  }
}

/** First and last day of a span; null if it is none. */
export function daysOf(span: string): [string, string] | null {
  const [, first, last] = SPAN.exec(span) ?? []
  if (first === undefined || last === undefined || first > last) return null
  return Number.isNaN(Date.parse(first) + Date.parse(last)) ? null : [first, last]
}

function period(filter: Filter, now: number): { from: string; to: string } {
  const days = daysOf(filter.span)
  const [from, to] = days === null ? [now - filter.days * DAY_MS, now] : [midnight(days[0]), midnight(days[1]) + DAY_MS]
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

/** The first moment of a day in China. */
const midnight = (day: string): number => Date.parse(`${day}T00:00:00+08:00`)

export function apiQuery(filter: Filter, now: number = serverNow()): Query {
  return {
    ...period(filter, now),
    region_id: filter.region || null,
    facility_id: filter.facility || null,
    late: filter.late,
    ...(filter.frozen === '' ? {} : { frozen: filter.frozen }),
  }
}
