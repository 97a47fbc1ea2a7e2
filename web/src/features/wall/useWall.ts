/** All strips of the wall: which hang is asked every few seconds, their samples come by the gateway. */
import { type ShallowRef, onScopeDispose, shallowRef, triggerRef, watch } from 'vue'

import { api } from '@/api/client'
import type { components } from '@/api/schema'
import { serverClock } from '@/shared/clock'
import { gatewayWatch } from '@/shared/gateway'
import { StoredFrames } from '@/shared/storedFrames'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { MOST } from './layout'
import { WallStrip } from './wallStrip'

type Wall = components['schemas']['WallOut']

/** A monitor that starts is on the wall within this time. */
const LIST_MS = 5_000

export interface UseWall {
  list: LiveData<Wall>
  strips: ShallowRef<WallStrip[]>
  /** How many hang besides the sixty-four that one line can carry. */
  left: () => number
}

export function useWall(facility: () => string | null): UseWall {
  const stored = new StoredFrames()
  const sources = { watch: gatewayWatch(), stored, clock: serverClock }
  const strips = shallowRef<WallStrip[]>([])
  const list = useLiveData<Wall>(() => api.get('/api/ctg/wall'), undefined, LIST_MS)
  const wanted = () => (list.data.value?.strips ?? []).filter((info) => facility() === null || info.facility.id === facility())

  watch([list.data, facility], () => {
    const infos = wanted().slice(0, MOST)
    const known = new Map(strips.value.map((strip) => [strip.key, strip]))
    const next = infos.map((info) => known.get(info.device) ?? null)
    const kept = new Set(next)
    for (const strip of strips.value) if (!kept.has(strip)) strip.dispose()
    strips.value = infos.map((info, at) => {
      const strip = next[at] ?? new WallStrip(info, sources)
      strip.follow(info)
      return strip
    })
    triggerRef(strips)
  })
  onScopeDispose(() => {
    for (const strip of strips.value) strip.dispose()
    strips.value = []
    stored.dispose()
  })
  return { list, strips, left: () => Math.max(0, wanted().length - MOST) }
}
