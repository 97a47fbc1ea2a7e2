/** A file on its way into a plan: read, shown, its names explained, and only then written. */
import { type ComputedRef, type Ref, computed, ref, shallowRef } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { saveAs } from '@/shared/saveAs'

import type { ImportDone, ImportPreview, PlanSummary } from './types'

export interface UseImport {
  file: Ref<File | null>
  kind: ComputedRef<'excel' | 'ical'>
  slotId: Ref<string>
  preview: Ref<ImportPreview | null>
  problem: Ref<Problem | null>
  busy: Ref<boolean>
  /** Name in the file → person. */
  names: Ref<Record<string, string>>
  good: ComputedRef<number>
  bad: ComputedRef<number>
  read(): Promise<void>
  saveNames(): Promise<void>
  write(skip: boolean): Promise<ImportDone | null>
  template(): Promise<void>
}

const bytes = (file: File): Blob => new Blob([file], { type: 'application/octet-stream' })

export function useImport(plan: () => PlanSummary): UseImport {
  const file = shallowRef<File | null>(null)
  const slotId = ref('')
  const preview = shallowRef<ImportPreview | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  const names = ref<Record<string, string>>({})
  const kind = computed(() => (/\.(ics|ical|ifb)$/i.test(file.value?.name ?? '') ? 'ical' : 'excel'))
  const bad = computed(() => (preview.value?.troubles.length ?? 0) + (preview.value?.lines.filter((line) => line.problem !== null).length ?? 0))
  const good = computed(() => preview.value?.lines.filter((line) => line.problem === null).length ?? 0)

  async function tried<T>(work: () => Promise<T>): Promise<T | null> {
    busy.value = true
    problem.value = null
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem.value = error
      return null
    } finally {
      busy.value = false
    }
  }

  function asked(more: Record<string, string> = {}): string {
    const query = new URLSearchParams({ kind: kind.value, ...more })
    if (kind.value === 'ical' && slotId.value !== '') query.set('slot_id', slotId.value)
    return query.toString()
  }

  async function read(): Promise<void> {
    const chosen = file.value
    if (chosen === null) return
    preview.value = await tried(() => api.upload<ImportPreview>(`/api/duty/plans/${plan().id}/import/preview?${asked()}`, bytes(chosen)).send(undefined))
    names.value = Object.fromEntries((preview.value?.unknown ?? []).map((name) => [name, names.value[name] ?? '']))
  }

  async function saveNames(): Promise<void> {
    const said = Object.entries(names.value).filter(([, person]) => person !== '')
    const body = { names: said.map(([name, person_id]) => ({ name, person_id })) }
    const saved = await tried(async () => {
      await api.post(`/api/duty/plans/${plan().id}/import/names`, body)
      return true
    })
    if (saved !== null) await read()
  }

  function write(skip: boolean): Promise<ImportDone | null> {
    const chosen = file.value
    const seen = preview.value
    if (chosen === null || seen === null) return Promise.resolve(null)
    const query = asked({ digest: seen.digest, version: String(plan().version), skip: String(skip) })
    return tried(() => api.upload<ImportDone>(`/api/duty/plans/${plan().id}/import?${query}`, bytes(chosen)).send(undefined))
  }

  async function template(): Promise<void> {
    const found = await tried(() => api.download(`/api/duty/plans/${plan().id}/sheet`))
    if (found === null) return
    saveAs(found, 'roster-template.xlsx')
  }

  return { file, kind, slotId, preview, problem, busy, names, good, bad, read, saveNames, write, template }
}
