/** Who is signed in on this device. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Me, Role } from '@/api/types'

import { serverClock } from './clock'
import { forgetPeople } from './phones/held'

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  /** False until the first answer on who we are; guards wait for it. */
  const known = ref(false)

  const signedIn = computed(() => me.value !== null)
  const onDuty = computed(() => (me.value?.on_duty.length ?? 0) > 0)

  function accept(next: Me): void {
    serverClock.seed(Date.parse(next.server_time))
    me.value = next
    known.value = true
  }

  async function load(): Promise<void> {
    try {
      accept(await api.get<Me>('/api/me'))
    } catch (error) {
      known.value = true
      if (error instanceof Problem && error.notSignedIn) me.value = null
      else throw error
    }
  }

  async function login(name: string, password: string): Promise<void> {
    accept(await api.post<Me>('/api/login', { login: name, password }))
  }

  async function logout(): Promise<void> {
    await api.post('/api/logout')
    me.value = null
    await forgetPeople()
  }

  /** The server no longer knows us; drafts stay where they are. */
  function forget(): void {
    me.value = null
    known.value = true
  }

  function hasRole(...roles: Role[]): boolean {
    return roles.some((role) => me.value?.roles.includes(role))
  }

  /** Whom the phone book is for: clinicians, and 医务科, which calls experts in. */
  const calls = computed(() => hasRole('referring_clinician', 'expert', 'coordinator', 'duty_desk', 'medical_affairs'))

  return { me, known, signedIn, onDuty, calls, accept, load, login, logout, forget, hasRole }
})
