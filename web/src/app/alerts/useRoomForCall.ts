/** A call put aside on a telephone stands over the top of the page: the page makes room for it. */
import type { Ref } from 'vue'

import { useHeight } from '@/shared/useHeight'

/** Read by the shell: how far the page begins below the edge. */
const ROOM = '--ys-call-room'

export function useRoomForCall(layer: Readonly<Ref<HTMLElement | null>>, over: () => boolean): void {
  const root = document.documentElement.style
  useHeight(
    () => (over() ? layer.value : null),
    (height) => root.setProperty(ROOM, `${height}px`),
    () => root.removeProperty(ROOM),
  )
}
