/** Camera, microphone, shared screen and capture card: what is there, what is chosen, what is on. */
import { type Ref, computed, onScopeDispose, reactive, ref, shallowRef } from 'vue'

import type { Source } from '@/call/messages'

/** What the page says when a device cannot be used; the texts are in rooms.json. */
export type DeviceTrouble = 'insecure' | 'denied' | 'missing' | 'busy'

const FACE = { width: 640, height: 480, frameRate: 15 }
const SCAN = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25 } }
const LEVEL_MS = 120

export interface Devices {
  tracks: Ref<ReadonlyMap<Source, MediaStreamTrack>>
  trouble: Ref<DeviceTrouble | null>
  cameras: Ref<MediaDeviceInfo[]>
  microphones: Ref<MediaDeviceInfo[]>
  chosen: { camera: string; microphone: string }
  /** How loud the own microphone is, 0 to 1. */
  level: Ref<number>
  open(): Promise<void>
  share(source: 'screen' | 'ultrasound', device?: string): Promise<void>
  unshare(): void
  shared: Ref<'screen' | 'ultrasound' | null>
}

export function useDevices(): Devices {
  const tracks = shallowRef<ReadonlyMap<Source, MediaStreamTrack>>(new Map())
  const trouble = ref<DeviceTrouble | null>(null)
  const cameras = shallowRef<MediaDeviceInfo[]>([])
  const microphones = shallowRef<MediaDeviceInfo[]>([])
  const chosen = reactive({ camera: '', microphone: '' })
  const level = ref(0)
  const shared = computed(() => (['screen', 'ultrasound'] as const).find((name) => tracks.value.has(name)) ?? null)
  let meter: (() => void) | null = null
  let gone = false

  function put(source: Source, track: MediaStreamTrack | null): void {
    const next = new Map(tracks.value)
    next.get(source)?.stop()
    if (track) next.set(source, track)
    else next.delete(source)
    tracks.value = next
  }

  async function one(source: 'camera' | 'microphone'): Promise<void> {
    const device = chosen[source] === '' ? {} : { deviceId: { exact: chosen[source] } }
    const wanted = source === 'camera' ? { video: { ...FACE, ...device } } : { audio: { echoCancellation: true, noiseSuppression: true, ...device } }
    const stream = await navigator.mediaDevices.getUserMedia(wanted)
    const track = stream.getTracks()[0] ?? null
    if (gone) track?.stop()
    else put(source, track)
  }

  async function open(): Promise<void> {
    trouble.value = null
    if (!('mediaDevices' in navigator)) {
      trouble.value = 'insecure'
      return
    }
    // Without a camera one can still speak, and without a microphone still see and read.
    for (const source of ['microphone', 'camera'] as const) {
      try {
        await one(source)
      } catch (error) {
        trouble.value = troubleOf(error)
      }
    }
    const all = await navigator.mediaDevices.enumerateDevices()
    cameras.value = all.filter((device) => device.kind === 'videoinput')
    microphones.value = all.filter((device) => device.kind === 'audioinput')
    listen()
  }

  function listen(): void {
    meter?.()
    const microphone = tracks.value.get('microphone')
    meter = microphone ? meterOf(microphone, (loud) => (level.value = loud)) : null
  }

  async function share(source: 'screen' | 'ultrasound', device = ''): Promise<void> {
    try {
      const stream =
        source === 'screen'
          ? await navigator.mediaDevices.getDisplayMedia({ video: SCAN })
          : await navigator.mediaDevices.getUserMedia({ video: { ...SCAN, deviceId: { exact: device } } })
      const track = stream.getVideoTracks()[0]
      if (!track) return
      track.onended = unshare
      unshare()
      put(source, track)
    } catch (error) {
      // Whoever closes the browser's own question wants nothing.
      if (source !== 'screen') trouble.value = troubleOf(error)
    }
  }

  function unshare(): void {
    if (shared.value) put(shared.value, null)
  }

  onScopeDispose(() => {
    gone = true
    meter?.()
    for (const track of tracks.value.values()) track.stop()
  })
  return { tracks, trouble, cameras, microphones, chosen, level, open, share, unshare, shared }
}

function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError') return 'denied'
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'missing' : 'busy'
}

function meterOf(track: MediaStreamTrack, say: (loud: number) => void): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    say(Math.min(1, Math.max(...samples.map(Math.abs)) * 1.5))
  }, LEVEL_MS)
  return () => {
    clearInterval(timer)
    void context.close()
  }
}
