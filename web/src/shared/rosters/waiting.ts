/** How many roster plans and changes wait for the viewer: asked now and then, and on every notice. */
import { defineStore } from 'pinia'
import { onScopeDispose, reactive } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import type { StreamMessage } from '@/stream/socket'

import { useStreamMessages } from '../live'
import { useSession } from '../session'

type Plan = components['schemas']['PlanSummary']
type Change = components['schemas']['RosterChange']

/** What a menu entry may count. */
export type Waiting = 'plans' | 'changes'

const ASK_MS = 60_000
const ROSTERING = ['coordinator', 'duty_desk'] as const
const OFFICE = [...ROSTERING, 'medical_affairs'] as const

/** It is the viewer's turn: to approve it, to publish it, or to mend what was sent back. */
export function waitsForMe(plan: Pick<Plan, 'state' | 'actions' | 'returned'>): boolean {
  if (plan.actions.includes('approve')) return true
  if (plan.state === 'approved') return plan.actions.includes('publish')
  return plan.returned !== null && plan.actions.includes('submit')
}

/** A notice that a plan went on: look again. */
export function concernsPlans(message: StreamMessage): boolean {
  return message.type === 'item' && message.kind === 'notice' && String(message.data['code'] ?? '').startsWith('duty.plan_')
}

export const useWaiting = defineStore('waiting', () => {
  const session = useSession()
  const counts = reactive<Record<Waiting, number>>({ plans: 0, changes: 0 })

  async function refresh(): Promise<void> {
    const here = session.me?.facility.id
    if (here === undefined || !session.hasRole(...OFFICE)) {
      Object.assign(counts, { plans: 0, changes: 0 })
      return
    }
    try {
      const [plans, changes] = await Promise.all([
        api.get<Plan[]>('/api/duty/plans', { facility_id: here }),
        api.get<Change[]>('/api/duty/changes/overseen'),
      ])
      counts.plans = plans.filter(waitsForMe).length
      counts.changes = changes.filter((one) => one.actions.includes('approve')).length
    } catch (error) {
      // The pages themselves say what is wrong; an old count is better than none.
      if (!(error instanceof Problem)) throw error
    }
  }
  return { counts, refresh }
})

/** Keeps the counts true while the frame is there. */
export function useWaitingLook(): void {
  const waiting = useWaiting()
  useStreamMessages((message) => {
    if (message.type === 'item' && message.kind === 'notice' && String(message.data['code'] ?? '').startsWith('duty.')) void waiting.refresh()
  })
  const poll = setInterval(() => void waiting.refresh(), ASK_MS)
  onScopeDispose(() => clearInterval(poll))
  void waiting.refresh()
}
