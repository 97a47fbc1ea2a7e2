/** The list of case files: one look at everything open, sorted by the server, cut by the tabs. */
import { type ComputedRef, type Ref, computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { FileList, FileRow } from '@/api/caseFiles'
import { api } from '@/api/client'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

export const VIEWS = ['mine', 'overdue', 'all', 'closed'] as const
export type View = (typeof VIEWS)[number]

export interface Files {
  live: LiveData<FileList>
  view: ComputedRef<View>
  rows: ComputedRef<FileRow[]>
  counts: ComputedRef<Record<Exclude<View, 'closed'>, number>>
  choose(next: View): void
  closed: Ref<FileList | null>
}

const TESTS: Record<Exclude<View, 'closed'>, (row: FileRow) => boolean> = {
  mine: (row) => row.mine || row.to_act,
  overdue: (row) => row.overdue_since !== null,
  all: () => true,
}

export function useFiles(): Files {
  const route = useRoute()
  const router = useRouter()
  const live = useLiveData<FileList>(() => api.get('/api/case-files?limit=500'), (message) => message.type === 'case')
  const ended = useLiveData<FileList>(() => api.get('/api/case-files?state=closed'))
  const open = computed(() => live.data.value?.rows ?? [])
  const counts = computed(() => ({
    mine: open.value.filter(TESTS.mine).length,
    overdue: open.value.filter(TESTS.overdue).length,
    all: open.value.length,
  }))
  const view = computed<View>(() => {
    const wanted = VIEWS.find((one) => one === route.query['view'])
    return wanted ?? (counts.value.mine > 0 ? 'mine' : 'all')
  })
  const rows = computed(() => {
    if (view.value === 'closed') return ended.data.value?.rows ?? []
    return open.value.filter(TESTS[view.value])
  })
  return { live, view, rows, counts, closed: ended.data, choose: (next) => void router.replace({ query: { view: next } }) }
}
