/** One case file, kept true by the stream; and the action whose form is open. */
import { type InjectionKey, type Ref, computed, inject, provide, ref } from 'vue'

import type { CaseFile, FileAction } from '@/api/caseFiles'
import { api } from '@/api/client'
import { type LiveData, useLiveData } from '@/shared/useLiveData'

export interface FileView {
  id: string
  live: LiveData<CaseFile>
  acting: Ref<FileAction | null>
  recorded(next: CaseFile): void
}

const KEY: InjectionKey<FileView> = Symbol('case file')

export function provideFile(id: string): FileView {
  const live = useLiveData<CaseFile>(
    () => api.get(`/api/case-files/${id}`),
    (message) => message.type === 'case' && message.case_id === id,
    60_000,
  )
  const view: FileView = {
    id,
    live,
    acting: ref(null),
    recorded(next) {
      // An answer may be older than what a hint has fetched meanwhile.
      if (next.version >= (live.data.value?.version ?? 0)) live.put(next)
    },
  }
  provide(KEY, view)
  return view
}

export function useFileView(): FileView {
  const view = inject(KEY)
  if (view === undefined) throw new Error('useFileView outside a file page')
  return view
}

/** The file itself; only used below the page's check that it is there. */
export function useFile(): Ref<CaseFile> {
  const { live } = useFileView()
  return computed(() => {
    if (live.data.value === null) throw new Error('the file is not loaded yet')
    return live.data.value
  })
}

/** Actions of one machine on one target, in the server's order. */
export function useActions(machine: FileAction['machine'], only?: readonly string[]): (target?: string) => FileAction[] {
  const file = useFile()
  return (target) =>
    file.value.allowed.filter(
      (one) =>
        one.machine === machine &&
        (target === undefined || one.target_id === target) &&
        (only === undefined || only.includes(one.action)),
    )
}
