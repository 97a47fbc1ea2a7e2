/** Samples where the phone is, while she is on the road and only then. */
import { type Ref, onScopeDispose, ref, watch } from 'vue'

import type { CrewFix } from '@/api/crew'

export interface Here {
  latitude: number
  longitude: number
}

export function usePosition(wanted: () => boolean, everyMs: () => number, keep: (fix: CrewFix) => void): { here: Ref<Here | null> } {
  const here = ref<Here | null>(null)
  let timer: ReturnType<typeof setInterval> | null = null

  function sample(): void {
    navigator.geolocation?.getCurrentPosition(
      ({ coords, timestamp }) => {
        here.value = { latitude: coords.latitude, longitude: coords.longitude }
        keep({ at: new Date(timestamp).toISOString(), ...here.value, accuracy_m: Math.min(coords.accuracy, 1_000_000) })
      },
      () => undefined, // refused or not found: the page works without a position
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 15_000 },
    )
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  watch(
    wanted,
    (yes) => {
      stop()
      if (!yes) return
      sample()
      timer = setInterval(sample, everyMs())
    },
    { immediate: true },
  )
  onScopeDispose(stop)
  return { here }
}
