/** A woman chosen: from the list on this page, or before it was opened (`?pregnancy=…`). */
import { type Ref, watch } from 'vue'
import { useRoute } from 'vue-router'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { components } from '@/api/schema'

import { type Form, isTouched } from './form'

type Pregnancy = components['schemas']['PregnancyOut']

export function useChosen(form: Ref<Form>, chosen: () => void): void {
  const asked = useRoute().query['pregnancy']
  watch(
    () => form.value.found?.pregnancy_id ?? null,
    (id) => {
      if (id !== null) chosen()
    },
  )
  if (typeof asked === 'string' && !isTouched(form.value)) void open(asked)

  async function open(id: string): Promise<void> {
    try {
      const woman = await api.get<Pregnancy>(`/api/pregnancies/${id}`)
      form.value.found = {
        patient_id: woman.patient_id,
        pregnancy_id: woman.id,
        name: woman.name,
        age: woman.age,
        gestation_days: woman.gestation_days,
      }
    } catch (error) {
      // Closed or gone: she is looked for as always.
      if (!(error instanceof Problem)) throw error
    }
  }
}
