/** A case's clocks, kept true; whatever is written to them answers with all of them. */
import { api } from '@/api/client'
import type { CaseClock } from '@/api/course'
import { type LiveData, useLiveData } from '@/shared/useLiveData'
import { type UseSubmission, useSubmission } from '@/shared/useSubmission'

export function useCaseClock(caseId: string): LiveData<CaseClock> {
  return useLiveData<CaseClock>(
    () => api.get(`/api/cases/${caseId}/clock`),
    (message) => message.type === 'case' && message.case_id === caseId,
  )
}

export type ClockWrite = 'prompts' | 'owners' | 'delays' | 'undo'

export function useClockWrite(caseId: string, what: ClockWrite): UseSubmission<CaseClock> {
  return useSubmission<CaseClock>(() => `/api/cases/${caseId}/clock/${what}`)
}
