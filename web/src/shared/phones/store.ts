/** The phone book of whoever is signed in: fetched before it is needed, kept when nothing answers. */
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'

import { BOOK_PATH } from './held'
import type { PhoneBook } from './types'

/** On-call changes at handover; a copy that is ten minutes old is still worth calling. */
const ASK_MS = 300_000

export const usePhones = defineStore('phones', () => {
  const book = shallowRef<PhoneBook | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const open = ref(false)
  /** This device holds the list: it will be there when nothing answers. */
  const held = ref(false)
  let timer: ReturnType<typeof setInterval> | null = null

  async function refresh(): Promise<void> {
    try {
      book.value = await api.get<PhoneBook>(BOOK_PATH)
      problem.value = null
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
    }
  }

  function start(): void {
    stop()
    timer = setInterval(() => void refresh(), ASK_MS)
    void refresh()
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
    book.value = null
    open.value = false
    held.value = false
  }

  return { book, problem, open, held, refresh, start, stop }
})
