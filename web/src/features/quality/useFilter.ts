/** Period, place and late entries: kept in the address, so that a number can be shown to others. */
import { type ComputedRef, computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { Query } from '@/api/client'
import { serverNow } from '@/shared/clock'

export const PERIODS = [7, 30, 90, 365] as const
const DAY_MS = 86_400_000
const DEFAULT_DAYS = 30

export interface Filter {
  days: number
  region: string
  facility: string
  late: 'with' | 'without'
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
    ...(filter.frozen === '' ? {} : { frozen: filter.frozen }),
  }
}

export function apiQuery(filter: Filter, now: number = serverNow()): Query {
  return {
    from: new Date(now - filter.days * DAY_MS).toISOString(),
    to: new Date(now).toISOString(),
    region_id: filter.region || null,
    facility_id: filter.facility || null,
    late: filter.late,
    ...(filter.frozen === '' ? {} : { frozen: filter.frozen }),
  }
}
