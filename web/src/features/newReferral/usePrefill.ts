/** What is known of her when she is chosen: her confirmed risk colour, and when she was last measured. */
import { type Ref, ref, watch } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { components } from '@/api/schema'

import { type Form, type LastKnown, lastKnown } from './form'

type RiskOut = components['schemas']['RiskOut']
type Series = components['schemas']['Series']

export interface GradeNote {
  at: string
  by: string
}

export interface Prefill {
  /** The grade that the colour was taken from, while nobody has chosen another. */
  grade: Ref<GradeNote | null>
  /** Vital signs as last measured: shown with their time, sent only when somebody takes them over. */
  known: Ref<LastKnown | null>
}

export function usePrefill(form: Ref<Form>): Prefill {
  const grade = ref<GradeNote | null>(null)
  const known = ref<LastKnown | null>(null)

  watch(
    () => (form.value.mode === 'find' ? (form.value.found?.pregnancy_id ?? null) : null),
    (id, before) => {
      grade.value = null
      known.value = null
      if (before !== undefined && before !== null && id !== before) {
        // Another woman: nothing of the former may stay.
        Object.assign(form.value, { riskColour: '', purple: false, vitals: {}, adopted: null })
      }
      if (id !== null) void load(id)
    },
    { immediate: true },
  )

  async function load(id: string): Promise<void> {
    const [risk, series] = await Promise.all([
      quiet<RiskOut>(`/api/pregnancies/${id}/risk`),
      quiet<Series>(`/api/pregnancies/${id}/observations`),
    ])
    if (form.value.found?.pregnancy_id !== id) return
    const current = risk?.current ?? null
    if (current !== null && current.colour !== null && form.value.riskColour === '') {
      form.value.riskColour = current.colour
      form.value.purple = form.value.purple || current.purple === true
      grade.value = { at: current.at, by: current.by?.name ?? '' }
    }
    known.value = lastKnown(series?.latest ?? [])
  }

  return { grade, known }
}

/** A help that is not there helps nobody to wait: the form works without. */
async function quiet<T>(path: string): Promise<T | null> {
  try {
    return await api.get<T>(path)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return null
  }
}
