/** One recording on one strip: ring and status, fed by the gateway while the component lives. */
import { type Ref, onScopeDispose, ref, shallowRef, watch } from 'vue'

import type { Frame } from '@/stream/frames'
import type { WatchEvent } from '@/stream/watch'
import { StripRing } from '@/strip/ring'
import { type StripStatus, stripStatus } from '@/strip/status'

import { serverClock, serverNow } from './clock'
import { gatewayWatch } from './gateway'
import { useNow } from './useNow'

export interface UseStrip {
  ring: StripRing
  status: Ref<StripStatus>
  /** Device and place as the monitor opened the recording. */
  device: Ref<string>
  bed: Ref<string>
  /** Why the gateway does not show it, if so. */
  refused: Ref<string | null>
  /** Seconds since the newest frame arrived, for the live edge of the paper. */
  edgeAgeSeconds(): number
}

/** Beyond this the paper stops running on: a monitor switched off yesterday is not a live strip. */
const RUN_ON_S = 120

export function useStrip(recording: Ref<string>, sinceSeconds = 1200): UseStrip {
  const ring = new StripRing()
  const now = useNow()
  let arrivedMs = serverClock.local()
  let reportedLagMs: number | null = null
  let connected: boolean | null = null
  let historyUpTo = 0
  const linkUp = ref(false)
  const closed = ref(false)
  const device = ref('')
  const bed = ref('')
  const refused = ref<string | null>(null)
  const status = shallowRef(current())

  function current(): StripStatus {
    return stripStatus(ring, {
      serverNowMs: serverNow(),
      localNowMs: serverClock.local(),
      arrivedMs,
      reportedLagMs,
      connected,
      linkUp: linkUp.value,
      closed: closed.value,
    })
  }

  function onFrame(frame: Frame): void {
    // History does not make the strip look alive; only what comes after it does.
    if (frame.seq > Math.max(ring.lastSeq, historyUpTo)) arrivedMs = serverClock.local()
    ring.put(frame)
    if (status.value.state === 'waiting') status.value = current()
  }

  function onEvent(event: WatchEvent): void {
    if (event.type === 'refused') refused.value = event.code ?? 'ctg.refused'
    if (event.type === 'closed') closed.value = true
    if (event.type !== 'subscribed' && event.type !== 'state') return
    if (typeof event.connected === 'boolean') connected = event.connected
    if (typeof event.lag_ms === 'number') reportedLagMs = event.lag_ms
    if (event.type === 'state') return
    refused.value = null
    closed.value = typeof event.closed_at === 'string'
    device.value = event.device ?? ''
    bed.value = event.bed ?? ''
    historyUpTo = event.last_seq ?? 0
    if (typeof event.heard_ns === 'number') {
      arrivedMs = serverClock.local() - Math.max(0, serverNow() - event.heard_ns / 1e6)
    }
  }

  let stop: (() => void) | null = null
  watch(
    recording,
    (id) => {
      stop?.()
      ring.clear()
      historyUpTo = 0
      reportedLagMs = connected = null
      linkUp.value = closed.value = false
      stop = gatewayWatch().watch(id, sinceSeconds, {
        onFrame,
        onEvent,
        onLink: (up) => (linkUp.value = up),
      })
    },
    { immediate: true },
  )
  watch([now, linkUp, closed], () => (status.value = current()))
  onScopeDispose(() => stop?.())

  function edgeAgeSeconds(): number {
    if (closed.value) return 0
    return Math.min(RUN_ON_S, Math.max(0, (serverClock.local() - arrivedMs) / 1000))
  }

  return { ring, status, device, bed, refused, edgeAgeSeconds }
}
