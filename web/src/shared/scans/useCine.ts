/** Playing a clip: at the file's own speed, only over frames that have arrived. */
import { type Ref, onScopeDispose, ref } from 'vue'

import { frameMs, stepped } from '@/scan/view'

export interface Cine {
  frame: Ref<number>
  playing: Ref<boolean>
  /** 1 is the file's own speed. */
  speed: Ref<number>
  toggle(): void
  step(by: number): void
  go(n: number): void
}

export function useCine(saidMs: () => number | null, loaded: () => number): Cine {
  const frame = ref(0)
  const playing = ref(false)
  const speed = ref(1)
  let due = 0
  let waiting = 0

  function tick(now: number): void {
    if (!playing.value) return
    const each = frameMs(saidMs()) / speed.value
    if (now >= due) {
      // A tab that slept does not make up for what it missed.
      due = now - due > 4 * each ? now + each : due + each
      if (loaded() > 1) frame.value = stepped(frame.value, 1, loaded())
    }
    waiting = requestAnimationFrame(tick)
  }

  function stop(): void {
    playing.value = false
    cancelAnimationFrame(waiting)
  }

  function toggle(): void {
    if (playing.value) return stop()
    if (loaded() < 2) return
    playing.value = true
    due = performance.now()
    waiting = requestAnimationFrame(tick)
  }

  function go(n: number): void {
    stop()
    frame.value = Math.min(Math.max(n, 0), Math.max(loaded() - 1, 0))
  }

  onScopeDispose(stop)
  return { frame, playing, speed, toggle, go, step: (by) => go(stepped(frame.value, by, Math.max(loaded(), 1))) }
}
