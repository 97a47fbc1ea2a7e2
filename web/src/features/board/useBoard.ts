/** The board of one scope, kept true by the stream's hints. */
import { type Ref, computed, ref, watch } from 'vue'

import type { Board, BoardRow, Scope } from '@/api/board'
import { api } from '@/api/client'
import { useLive } from '@/shared/live'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { withRow } from './row'

const SCOPES: readonly Scope[] = ['mine', 'incoming', 'outgoing', 'all']
const STORAGE_KEY = 'ys.board.scope'

/** Rows say whose they are: a slow answer of another scope is not taken for this one's. */
type ShownBoard = Board & { scope: Scope }

export interface BoardView extends Pick<LiveData<ShownBoard>, 'data' | 'problem' | 'loading' | 'fetchedAt' | 'refresh'> {
  scope: Ref<Scope>
  scopes: readonly Scope[]
  /** True while another scope's rows are still on the screen. */
  switching: Ref<boolean>
  /** True when changes would not arrive by themselves. */
  stale: Ref<boolean>
  recorded(row: BoardRow): void
}

export function useBoard(): BoardView {
  const live = useLive()
  const scope = ref<Scope>(storedScope())
  const line = useLiveData<ShownBoard>(
    async () => {
      const wanted = scope.value
      return { ...(await api.get<Board>('/api/referrals', { scope: wanted })), scope: wanted }
    },
    (message) => message.type === 'case',
  )
  watch(scope, (next) => {
    localStorage.setItem(STORAGE_KEY, next)
    void line.refresh()
  })
  return {
    ...line,
    scope,
    scopes: SCOPES,
    switching: computed(() => line.data.value !== null && line.data.value.scope !== scope.value),
    stale: computed(() => line.data.value !== null && (live.link.state !== 'online' || line.problem.value !== null)),
    recorded(row) {
      if (line.data.value !== null) line.put(withRow(line.data.value, row))
      void line.refresh()
    },
  }
}

function storedScope(): Scope {
  const stored = localStorage.getItem(STORAGE_KEY)
  return SCOPES.find((scope) => scope === stored) ?? 'mine'
}
