/** One referral being written: draft, readiness, and the two writes that send it. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'

import type { Problem } from '@/api/problem'
import { serverNow } from '@/shared/clock'
import { useDraft } from '@/shared/useDraft'
import { useSession } from '@/shared/session'
import { useSubmission } from '@/shared/useSubmission'

import { type Form, type Lack, blankForm, isExpired, isTouched, lacks, patientBody, referralBody } from './form'
import { remember } from './recent'

export interface NewReferral {
  form: Ref<Form>
  restored: Ref<boolean>
  missing: ComputedRef<Lack[]>
  touched: ComputedRef<boolean>
  sending: ComputedRef<boolean>
  problem: ComputedRef<Problem | null>
  /** The new case's id, or null when nothing was recorded (see `problem`). */
  send(): Promise<string | null>
  discard(): void
}

export function useNewReferral(): NewReferral {
  const session = useSession()
  const draft = useDraft<Form>(`referral.${session.me?.account_id ?? ''}`, () => blankForm(serverNow()))
  if (isExpired(draft.value.value, serverNow())) draft.clear()
  const form = draft.value
  const restored = ref(draft.restored && isTouched(form.value))

  const patient = useSubmission<{ pregnancy_id: string }>(() => '/api/patients', form.value.keys.patient)
  const referral = useSubmission<{ id: string }>(() => '/api/referrals', form.value.keys.referral)

  watch(
    () => [form.value.woman, form.value.reason, form.value.condition],
    () => {
      // Emptying the form is a change too, and must not write a draft again.
      if (isTouched(form.value)) form.value.savedAt = serverNow()
    },
    { deep: true },
  )

  async function pregnancy(): Promise<string | null> {
    const { mode, found, woman, created } = form.value
    if (mode === 'find') return found?.pregnancy_id ?? null
    const body = patientBody(woman, localDate(serverNow()))
    const of = JSON.stringify(woman)
    if (created?.of === of) return created.pregnancyId
    form.value.keys = { ...form.value.keys, patient: patient.key() }
    const answer = await patient.send(body)
    if (answer === null) return null
    form.value.created = { of, pregnancyId: answer.pregnancy_id }
    return answer.pregnancy_id
  }

  async function send(): Promise<string | null> {
    if (lacks(form.value).length > 0) return null
    const pregnancyId = await pregnancy()
    if (pregnancyId === null) return null
    form.value.keys = { ...form.value.keys, referral: referral.key() }
    const answer = await referral.send(referralBody(form.value, pregnancyId))
    form.value.keys = { ...form.value.keys, referral: referral.key() }
    if (answer === null) return null
    remember(form.value, pregnancyId)
    draft.clear()
    return answer.id
  }

  return {
    form,
    restored,
    missing: computed(() => lacks(form.value)),
    touched: computed(() => isTouched(form.value)),
    sending: computed(() => patient.state.value === 'sending' || referral.state.value === 'sending'),
    problem: computed(() => patient.problem.value ?? referral.problem.value),
    send,
    discard() {
      draft.clear()
      patient.reset()
      referral.reset()
      restored.value = false
    },
  }
}

function localDate(ms: number): string {
  const t = new Date(ms)
  return `${t.getFullYear()}-${String(t.getMonth() + 1).padStart(2, '0')}-${String(t.getDate()).padStart(2, '0')}`
}
