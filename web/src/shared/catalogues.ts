/** Conditions and facilities: fetched once per sign-in, used wherever a code becomes a word. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { Condition, Contact, Facility } from '@/api/board'
import { api } from '@/api/client'
import { Problem } from '@/api/problem'

import { useLang } from './i18n'

/** Which phone to dial first when a message could not be recorded. */
const PHONE_ORDER = ['duty', 'obstetrics', 'neonatology', 'office']

export const useCatalogues = defineStore('catalogues', () => {
  const conditions = shallowRef<Condition[]>([])
  const facilities = shallowRef<Facility[]>([])
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(false)
  let pending: Promise<void> | null = null

  const byCode = computed(() => new Map(conditions.value.map((entry) => [entry.code, entry])))
  const byId = computed(() => new Map(facilities.value.map((entry) => [entry.id, entry])))

  /** Safe to call from every page; asks the server once, and again only after a failure. */
  function ensure(): Promise<void> {
    pending ??= load()
    return pending
  }

  async function load(): Promise<void> {
    loading.value = true
    try {
      const [first, second] = await Promise.all([
        api.get<Condition[]>('/api/conditions'),
        api.get<Facility[]>('/api/facilities'),
      ])
      conditions.value = first
      facilities.value = second
      problem.value = null
    } catch (error) {
      pending = null
      if (!(error instanceof Problem)) throw error
      problem.value = error
    } finally {
      loading.value = false
    }
  }

  return { conditions, facilities, byCode, byId, problem, loading, ensure }
})

/** A condition's name in the reader's language; an unknown code stays readable as itself. */
export function useConditionName(): (code: string) => string {
  const catalogues = useCatalogues()
  const { lang } = useLang()
  void catalogues.ensure()
  return (code) => {
    const entry = catalogues.byCode.get(code)
    return entry === undefined ? code : lang.value === 'en' ? entry.en : entry.zh
  }
}

/** Phones of a unit, the one to dial first in front. */
export function phonesInOrder(contacts: readonly Contact[]): Contact[] {
  const rank = (contact: Contact): number => {
    const at = PHONE_ORDER.indexOf(contact.kind)
    return at < 0 ? PHONE_ORDER.length : at
  }
  return [...contacts].sort((a, b) => rank(a) - rank(b))
}
