/** The case's links, and who may give and take them. */
import { type ComputedRef, computed } from 'vue'

import { api } from '@/api/client'
import type { LinkOut } from '@/api/crew'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

import { useCase, useReferral } from '../useCase'

const ISSUERS = ['origin', 'receiver', 'coordinator']

export function useLinks(): { links: LiveData<LinkOut[]>; mayIssue: ComputedRef<boolean>; mayIssueOutside: ComputedRef<boolean> } {
  const view = useCase()
  const referral = useReferral()
  const links = useLiveData<LinkOut[]>(
    () => api.get<LinkOut[]>(`/api/referrals/${view.id}/links`),
    (message) => message.type === 'case' && message.case_id === view.id,
  )
  return {
    links,
    mayIssue: computed(() => ISSUERS.includes(referral.value.my_side)),
    mayIssueOutside: computed(() => referral.value.my_side !== 'receiver' && ISSUERS.includes(referral.value.my_side)),
  }
}

/** The moment at which a link stands: what to say of it first. */
export function standing(link: LinkOut): 'revoked' | 'answered' | 'over' | 'opened' | 'unopened' {
  if (link.revoked_at !== null) return 'revoked'
  if (link.answered_at !== null) return 'answered'
  if (!link.live) return 'over'
  return link.opened > 0 ? 'opened' : 'unopened'
}
