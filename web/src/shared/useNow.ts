/** One ticking, server-corrected now for all running clocks: they turn over at the same instant. */
import { type Ref, onScopeDispose, readonly, ref } from 'vue'

import { serverNow } from './clock'

const now = ref(serverNow())
let users = 0
let timer: ReturnType<typeof setTimeout> | null = null

function tick(): void {
  now.value = serverNow()
  timer = setTimeout(tick, 1000 - (now.value % 1000))
}

/** Milliseconds since 1970 by the server's clock, once per second. */
export function useNow(): Readonly<Ref<number>> {
  users += 1
  if (timer === null) tick()
  onScopeDispose(() => {
    users -= 1
    if (users > 0 || timer === null) return
    clearTimeout(timer)
    timer = null
  })
  return readonly(now)
}
