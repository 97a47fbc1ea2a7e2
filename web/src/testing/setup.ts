/** What the browser has and jsdom lacks. */
import { cleanup, configure } from '@testing-library/vue'
import { afterEach, vi } from 'vitest'

// A wait is for what is meant to come, not for how fast: other tests may have the machine.
configure({ asyncUtilTimeout: 10_000 })

window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
    dispatchEvent: () => false,
  }) as MediaQueryList

globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

afterEach(() => {
  cleanup()
  localStorage.clear()
  vi.unstubAllGlobals()
})
