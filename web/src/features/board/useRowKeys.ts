/** j and k walk through the rows, Enter opens, n starts a new referral. */
import { type Ref, nextTick, onBeforeUnmount, onMounted, ref } from 'vue'

import { stepTo } from './row'

export interface RowKeys {
  focused: Ref<string | null>
}

export function useRowKeys(
  ids: () => readonly string[],
  focusRow: (id: string) => void,
  open: (id: string) => void,
  startNew: () => void,
): RowKeys {
  const focused = ref<string | null>(null)

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.key === 'j' || event.key === 'k') {
      event.preventDefault()
      focused.value = stepTo(ids(), focused.value, event.key === 'j' ? 1 : -1)
      const id = focused.value
      if (id !== null) void nextTick(() => focusRow(id))
    } else if (event.key === 'Enter' && focused.value !== null && !isControl(event.target)) {
      open(focused.value)
    } else if (event.key === 'n') {
      event.preventDefault()
      startNew()
    }
  }

  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
  return { focused }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a') !== null
}
