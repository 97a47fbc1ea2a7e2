import { waitFor } from '@testing-library/vue'
import { expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'

import { useFoot, usePinned } from './foot'

const root = document.documentElement.style

function aBox(height: number, bottom: string): HTMLElement {
  const box = document.createElement('div')
  box.style.bottom = bottom
  vi.spyOn(box, 'offsetHeight', 'get').mockReturnValue(height)
  return box
}

it('puts messages above the highest that is pinned, and pages above messages while there are some', async () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(private readonly said: (entries: { target: HTMLElement }[]) => void) {}
      observe(target: HTMLElement): void {
        this.said([{ target }])
      }
      disconnect(): void {}
    },
  )
  const message = ref<HTMLElement | null>(null)
  const button = ref<HTMLElement | null>(null)
  const scope = effectScope()
  scope.run(() => {
    usePinned(() => aBox(53, '0px'))
    usePinned(() => button.value)
    useFoot(() => message.value)
  })
  const [pinned, foot] = ['--ys-foot-pinned', '--ys-foot'].map((name) => () => root.getPropertyValue(name)) as [() => string, () => string]
  expect([pinned(), foot()]).toEqual(['53px', ''])
  button.value = aBox(60, '60px')
  message.value = aBox(44, '')
  await waitFor(() => expect(pinned()).toBe('120px'))
  expect(foot()).toBe('calc(var(--ys-foot-pinned) + 44px)')
  // At this width it is not shown.
  button.value = aBox(0, '60px')
  message.value = null
  await waitFor(() => expect([pinned(), foot()]).toEqual(['53px', '']))
  scope.stop()
  expect(pinned()).toBe('0px')
})
