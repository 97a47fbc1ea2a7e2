/** The board's data: houses, the load derived from transfers, and the catalogue. */
import { computed } from 'vue'

import { api } from '@/api/client'
import type { HouseLoad, Houses, Loads } from '@/api/resources'
import { useResourceKinds } from '@/shared/resourceKinds'
import { useLiveData } from '@/shared/useLiveData'

const ASK_MS = 20_000

export function useResources() {
  const kinds = useResourceKinds()
  void kinds.ensure()
  const houses = useLiveData<Houses>(() => api.get<Houses>('/api/resources'), undefined, ASK_MS)
  const loads = useLiveData<Loads>(
    () => api.get<Loads>('/api/load'),
    (message) => message.type === 'case',
    ASK_MS,
  )
  const loadOf = computed(() => new Map<string, HouseLoad>((loads.data.value?.houses ?? []).map((load) => [load.facility_id, load])))
  const own = computed(() => houses.data.value?.houses.filter((house) => house.mine) ?? [])
  return { kinds, houses, loads, loadOf, own }
}
