/** One recording on one strip: ring and status, fed by the gateway while the component lives. */
import { type Ref, onScopeDispose, ref, shallowRef, watch } from 'vue'

import { StripFeed } from '@/strip/feed'
import type { Labels } from '@/strip/fetuses'
import type { StripRing } from '@/strip/ring'
import type { StripStatus } from '@/strip/status'

import { serverClock } from './clock'
import { gatewayWatch } from './gateway'
import { StoredFrames } from './storedFrames'
import { useNow } from './useNow'

export interface UseStrip {
  ring: StripRing
  status: Ref<StripStatus>
  /** Device and place as the monitor opened the recording. */
  device: Ref<string>
  bed: Ref<string>
  /** Whom fhr1, fhr2 and fhr3 hear. */
  fetuses: Ref<Labels>
  /** Why the gateway does not show it, if so. */
  refused: Ref<string | null>
  /** Seconds since the newest frame arrived, for the live edge of the paper. */
  edgeAgeSeconds(): number
}

export function useStrip(recording: Ref<string>, sinceSeconds = 1200): UseStrip {
  const now = useNow()
  const device = ref('')
  const bed = ref('')
  const refused = ref<string | null>(null)
  const stored = new StoredFrames()
  const feed = new StripFeed({
    clock: serverClock,
    onChange: changed,
    onMissed: (from, to) => void stored.fetch(recording.value, from, to, feed.onStored),
  })
  const status = shallowRef(feed.status())
  const fetuses = shallowRef(feed.fetuses)

  function changed(): void {
    device.value = feed.device
    bed.value = feed.bed
    fetuses.value = feed.fetuses
    refused.value = feed.refused
    status.value = feed.status()
  }

  let stop: (() => void) | null = null
  watch(
    recording,
    (id) => {
      stop?.()
      feed.reset()
      changed()
      stop = gatewayWatch().watch(id, () => feed.secondsToAsk(sinceSeconds), {
        onFrame: (frame) => {
          feed.onFrame(frame)
          if (status.value.state === 'waiting') status.value = feed.status()
        },
        onEvent: feed.onEvent,
        onLink: feed.onLink,
      })
    },
    { immediate: true },
  )
  watch(now, () => (status.value = feed.status()))
  onScopeDispose(() => {
    stop?.()
    stored.dispose()
  })

  return { ring: feed.ring, status, device, bed, fetuses, refused, edgeAgeSeconds: feed.edgeAgeSeconds }
}
