/** How this screen wants its wall: paper speed, order, which house. Kept on the device. */
import { reactive, watch } from 'vue'

import type { BpmPerCm, CmPerMin } from '@/strip/paper'

const STORAGE_KEY = 'ys.wall'

export interface WallSettings {
  cmPerMin: CmPerMin
  bpmPerCm: BpmPerCm
  byAlarm: boolean
  facility: string | null
}

/** 3 cm/min and 20 bpm/cm are what most wards in China print. */
const FALLBACK: WallSettings = { cmPerMin: 3, bpmPerCm: 20, byAlarm: true, facility: null }

export function useWallSettings(): WallSettings {
  const settings = reactive(read())
  watch(settings, (value) => localStorage.setItem(STORAGE_KEY, JSON.stringify(value)))
  return settings
}

function read(): WallSettings {
  try {
    return { ...FALLBACK, ...(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}') as Partial<WallSettings>) }
  } catch {
    return { ...FALLBACK }
  }
}
