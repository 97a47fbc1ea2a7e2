/** Women referred from this tab, for the next form; gone when the tab closes, as the PC is shared. */
import type { Form, Found } from './form'

const STORAGE_KEY = 'ys.recent-women'
const KEPT = 5

export function recentWomen(storage: Pick<Storage, 'getItem'> = sessionStorage): Found[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '[]')
    return Array.isArray(stored) ? (stored as Found[]) : []
  } catch {
    return []
  }
}

export function remember(form: Form, pregnancyId: string, storage: Pick<Storage, 'getItem' | 'setItem'> = sessionStorage): void {
  const known: Found =
    form.mode === 'find' && form.found !== null
      ? form.found
      : {
          patient_id: '',
          pregnancy_id: pregnancyId,
          name: form.woman.name.trim(),
          age: form.woman.age === '' ? null : form.woman.age,
          gestation_days: form.woman.weeks === '' ? null : form.woman.weeks * 7 + (form.woman.days === '' ? 0 : form.woman.days),
        }
  const others = recentWomen(storage).filter((woman) => woman.pregnancy_id !== known.pregnancy_id)
  storage.setItem(STORAGE_KEY, JSON.stringify([known, ...others].slice(0, KEPT)))
}
