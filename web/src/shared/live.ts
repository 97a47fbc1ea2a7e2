/** The browser socket as the pages see it: state of the line, and who wants to hear what. */
import { defineStore } from 'pinia'
import { onScopeDispose, ref } from 'vue'

import { type Link, LiveStream, type StreamMessage, streamUrl } from '@/stream/socket'

import { serverClock } from './clock'

type Listener = (message: StreamMessage) => void

export const useLive = defineStore('live', () => {
  const link = ref<Link>({ state: 'connecting', since: serverClock.local() })
  /** Grows with each welcome: what was shown before may be stale and is fetched again. */
  const connections = ref(0)
  const listeners = new Set<Listener>()
  let stream: LiveStream | null = null

  function start(accountId: string): void {
    stop()
    stream = new LiveStream({
      url: streamUrl('/api/stream'),
      storageKey: `ys.offset.${accountId}`,
      clock: serverClock,
    })
    stream.onLink((next) => (link.value = next))
    stream.onMessage((message) => {
      if (message.type === 'welcome') connections.value += 1
      for (const listener of listeners) listener(message)
    })
    window.addEventListener('online', nudge)
    document.addEventListener('visibilitychange', nudge)
    stream.start()
  }

  function stop(): void {
    window.removeEventListener('online', nudge)
    document.removeEventListener('visibilitychange', nudge)
    stream?.stop()
    stream = null
  }

  function nudge(): void {
    if (document.visibilityState === 'visible') stream?.nudge()
  }

  function receipt(pageId: string, state: 'delivered' | 'seen'): void {
    stream?.receipt(pageId, state)
  }

  function listen(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return { link, connections, start, stop, receipt, listen }
})

/** Hears stream messages while the calling component lives. */
export function useStreamMessages(listener: Listener): void {
  onScopeDispose(useLive().listen(listener))
}
