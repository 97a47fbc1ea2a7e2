import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type EffectScope, effectScope } from 'vue'

import { Problem } from '@/api/problem'
import type { StreamMessage } from '@/stream/socket'

import { useLive } from './live'
import { useLiveData } from './useLiveData'

class FakeSocket {
  static last: FakeSocket
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null

  constructor() {
    FakeSocket.last = this
  }

  send(): void {}
  close(): void {}

  says(message: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(message) }))
  }
}

const fetcher = vi.fn(() => Promise.resolve(1))
let scope: EffectScope

function show(concerns?: (message: StreamMessage) => boolean): void {
  scope.run(() => useLiveData(fetcher, concerns))
}

async function settled(): Promise<number> {
  fetcher.mockClear()
  await vi.advanceTimersByTimeAsync(1_000)
  return fetcher.mock.calls.length
}

describe('data that keep themselves true', () => {
  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', FakeSocket)
    setActivePinia(createPinia())
    scope = effectScope()
    useLive().start('account')
    FakeSocket.last.says({ type: 'welcome', offset: 0, server_time: '2026-11-28T08:00:00Z' })
    await settled()
    fetcher.mockClear()
  })

  afterEach(() => {
    scope.stop()
    useLive().stop()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('are fetched once for a burst of hints that concern them, and for no other', async () => {
    show((message) => message.type === 'woman' && message.pregnancy_id === 'hers')
    await settled()
    for (const pregnancy of ['hers', 'hers', 'anothers']) FakeSocket.last.says({ type: 'woman', pregnancy_id: pregnancy })
    expect(await settled()).toBe(1)
    FakeSocket.last.says({ type: 'woman', pregnancy_id: 'anothers' })
    expect(await settled()).toBe(0)
  })

  it('are fetched when hints may have been lost, whatever concerns them', async () => {
    show()
    await settled()
    FakeSocket.last.says({ type: 'case', case_id: 'c', version: 1 })
    expect(await settled()).toBe(0)
    FakeSocket.last.says({ type: 'board' })
    expect(await settled()).toBe(1)
  })

  it('are fetched again after each welcome', async () => {
    show()
    await settled()
    FakeSocket.last.says({ type: 'welcome', offset: 0, server_time: '2026-11-28T08:00:09Z' })
    expect(await settled()).toBe(1)
  })

  it('are fetched again soon while the server cannot answer, and then no more', async () => {
    const lost = new Problem({ code: 'kernel.unavailable' }, 503)
    fetcher.mockRejectedValueOnce(lost).mockRejectedValueOnce(lost)
    show()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetcher).toHaveBeenCalledTimes(3)
    expect(await settled()).toBe(0)
  })

  it('wait for their reader when they were refused', async () => {
    fetcher.mockRejectedValueOnce(new Problem({ code: 'kernel.not_found' }, 404))
    show()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetcher).toHaveBeenCalledTimes(1)
  })

  it('are not fetched for a page that has gone', async () => {
    fetcher.mockRejectedValueOnce(Problem.from('network'))
    show()
    scope.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetcher).toHaveBeenCalledTimes(1)
  })
})
