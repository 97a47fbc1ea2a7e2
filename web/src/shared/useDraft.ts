/** What somebody typed and did not send yet: survives reload, log-out by time, and no network. */
import { type Ref, ref, watch } from 'vue'

const PREFIX = 'ys.draft.'

export interface Draft<T> {
  value: Ref<T>
  /** True when the value was found from before, to be said on the page. */
  restored: boolean
  clear(): void
}

/** `key` names form, person and case; `blank` gives the empty form. */
export function useDraft<T extends object>(key: string, blank: () => T): Draft<T> {
  const stored = read<T>(key)
  const value = ref(stored === null ? blank() : { ...blank(), ...stored }) as Ref<T>
  let cleared = false
  watch(
    value,
    (now) => {
      if (cleared) return
      try {
        localStorage.setItem(PREFIX + key, JSON.stringify(now))
      } catch {
        // Full or forbidden storage: the form still works, it only does not survive a reload.
      }
    },
    { deep: true, flush: 'sync' },
  )
  return {
    value,
    restored: stored !== null,
    clear() {
      cleared = true
      localStorage.removeItem(PREFIX + key)
      value.value = blank()
      cleared = false
    },
  }
}

function read<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(PREFIX + key)
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}
