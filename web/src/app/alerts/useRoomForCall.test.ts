import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'

import { useRoomForCall } from './useRoomForCall'

describe('room for a call that was put aside', () => {
  it('is as high as the call, and gone with it', async () => {
    let tell: (target: HTMLElement) => void = () => undefined
    vi.stubGlobal(
      'ResizeObserver',
      class {
        constructor(said: (entries: { target: HTMLElement }[]) => void) {
          tell = (target) => said([{ target }])
        }
        observe(target: HTMLElement): void {
          tell(target)
        }
        disconnect(): void {}
      },
    )
    const call = document.createElement('div')
    vi.spyOn(call, 'offsetHeight', 'get').mockReturnValue(214)
    const layer = ref<HTMLElement | null>(call)
    const over = ref(false)
    const scope = effectScope()
    scope.run(() => useRoomForCall(layer, () => over.value))
    const room = (): string => document.documentElement.style.getPropertyValue('--ys-call-room')
    expect(room()).toBe('')
    over.value = true
    await waitFor(() => expect(room()).toBe('214px'))
    layer.value = null
    await waitFor(() => expect(room()).toBe(''))
    scope.stop()
  })
})
