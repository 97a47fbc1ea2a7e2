/** The case that a consultation is about, read as its own page reads it and kept true by the stream. */
import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import type { About } from './types'

const POLL_MS = 30_000

/** In the order in which they are asked for: most consultations are about a transfer. */
const KINDS: readonly ((id: string) => Promise<About>)[] = [
  async (id) => ({ kind: 'referral', referral: await api.get(`/api/referrals/${id}`) }),
  async (id) => ({ kind: 'file', file: await api.get(`/api/case-files/${id}`) }),
]

export function useAbout(id: () => string | null): LiveData<About> {
  /** How the case answered once, it is read from then on. */
  let known: (typeof KINDS)[number] | 'none' | null = null

  async function read(): Promise<About> {
    const of = id()
    if (of === null || known === 'none') return { kind: 'none' }
    if (known !== null) return known(of)
    for (const kind of KINDS) {
      try {
        const found = await kind(of)
        known = kind
        return found
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 404) throw error
      }
    }
    known = 'none'
    return { kind: 'none' }
  }

  return useLiveData<About>(read, (message) => message.type === 'case' && message.case_id === id(), POLL_MS)
}
