/** Where a case's page is; features link to it without importing it. */
import type { RouteLocationRaw } from 'vue-router'

import type { Action } from '@/api/types'

/** The page of a case, with one of its actions already opened when `action` is given. */
export function casePlace(id: string, action?: Pick<Action, 'machine' | 'action' | 'target_id'>): RouteLocationRaw {
  const path = `/cases/${id}`
  if (action === undefined) return { path }
  return { path, query: { act: `${action.machine}.${action.action}`, target: action.target_id } }
}

/** The pages that show what is counted; each lies under the id of its case. */
const PAGES = { case: '/cases', case_file: '/case-files', consult: '/consults', guidance: '/guidance', reading: '/ctg/readings', review: '/case-reviews', exercise: '/quality/exercises', return: '/quality/returns' } as const

export function pagePath(page: keyof typeof PAGES, id: string): string {
  return `${PAGES[page]}/${id}`
}

/**
 * Where the page of a case lies of which `event` tells: a case file's id is a case id too, a drill's also, and
 * what is about the roster has pages of its own.
 */
export function eventPath(event: string, caseId: string): string {
  if (event.startsWith('duty.change_')) return '/duty/changes'
  if (event.startsWith('duty.plan_')) return `/roster/plans/${caseId}`
  if (event.startsWith('obligation.action_')) return '/quality/actions'
  if (event.startsWith('obligation.')) return '/quality/obligations'
  if (event === 'roster.gaps') return '/roster'
  if (event.startsWith('duty.handover_')) return '/duty/handovers'
  if (event.startsWith('drill.')) return `/duty/drills/${caseId}`
  if (event === 'ctg.alarm') return '/ctg/alarms'
  if (event.startsWith('consult.') && event !== 'consult.mdt') return `/consults/${caseId}`
  if (event.startsWith('room.')) return `/consults/${caseId}/room`
  if (event.startsWith('assessment.')) return `/quality/assessments/${caseId}`
  if (event.startsWith('guidance.') && !event.startsWith('guidance.team_')) return `/guidance/${caseId}`
  if (event.startsWith('case_review.measure_') && !event.endsWith('_done')) return '/case-reviews'
  if (event.startsWith('case_review.')) return `/case-reviews/${caseId}`
  if (event.startsWith('ctg.reading_')) return `/ctg/readings/${caseId}`
  return event.startsWith('casefile.') ? `/case-files/${caseId}` : `/cases/${caseId}`
}
