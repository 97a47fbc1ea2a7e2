/** Whether the platform can call people: asked of the server, and concluded from its silence. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { components } from '@/api/schema'

export type PagingHealth = components['schemas']['PagingHealth']
export type PagingSign = components['schemas']['PagingSign']

const ASK_MS = 5_000
/** One answer that did not come is a blink; two are a silence. */
const MISSES = 2

export const usePaging = defineStore('paging', () => {
  const health = shallowRef<PagingHealth | null>(null)
  const misses = ref(0)
  let timer: ReturnType<typeof setTimeout> | null = null
  let running = false

  const silent = computed(() => misses.value >= MISSES)
  const signs = computed<PagingSign[]>(() => {
    if (silent.value) return [{ sign: 'api_unreachable', severity: 'alarm', value: 0, channel: null, since: null }]
    return (health.value?.signs ?? []).filter((one) => one.severity === 'alarm')
  })
  const impaired = computed(() => signs.value.length > 0)

  async function refresh(): Promise<void> {
    try {
      health.value = await api.get<PagingHealth>('/api/health/paging')
      misses.value = 0
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      misses.value += 1
    }
  }

  async function look(): Promise<void> {
    await refresh()
    if (running) timer = setTimeout(() => void look(), ASK_MS)
  }

  function start(): void {
    stop()
    running = true
    void look()
  }

  function stop(): void {
    running = false
    if (timer !== null) clearTimeout(timer)
    timer = null
    misses.value = 0
    health.value = null
  }

  return { health, silent, signs, impaired, refresh, start, stop }
})
