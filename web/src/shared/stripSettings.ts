/** Paper settings of this screen: speed, scale, and how many pixels make a real centimetre. */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { type BpmPerCm, type CmPerMin, DEFAULT_PX_PER_CM, type PaperScale } from '@/strip/paper'

const STORAGE_KEY = 'ys.paper'

interface Stored {
  cmPerMin: CmPerMin
  bpmPerCm: BpmPerCm
  pxPerCm: number
}

export const useStripSettings = defineStore('strip-settings', () => {
  const stored = ref<Stored>(read())
  watch(stored, (value) => localStorage.setItem(STORAGE_KEY, JSON.stringify(value)), { deep: true })

  /** Compact toco lane: the heart rate keeps its calibrated scale, the uncalibrated toco shrinks. */
  const scale = computed<PaperScale>(() => ({ ...stored.value, tocoPerCm: 50 }))

  return { stored, scale }
})

function read(): Stored {
  const fallback: Stored = { cmPerMin: 1, bpmPerCm: 30, pxPerCm: DEFAULT_PX_PER_CM }
  try {
    const text = localStorage.getItem(STORAGE_KEY)
    return text === null ? fallback : { ...fallback, ...(JSON.parse(text) as Partial<Stored>) }
  } catch {
    return fallback
  }
}
