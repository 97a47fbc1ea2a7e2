/** What the room says, in LiveKit's words, and what LiveKit says in the room's. Pure. */
import { ConnectionQuality, Track, type TrackPublishOptions, VideoPreset, VideoQuality } from 'livekit-client'

import type { Layer, Light, Source } from './messages'
import { BITRATES } from './sending'

const SOURCES: Record<Source, Track.Source> = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screen: Track.Source.ScreenShare,
  // LiveKit knows no ultrasound: it is a shared screen of that name.
  ultrasound: Track.Source.ScreenShare,
}

const LIGHTS: Record<ConnectionQuality, Light | null> = {
  [ConnectionQuality.Excellent]: 'good',
  [ConnectionQuality.Good]: 'fair',
  [ConnectionQuality.Poor]: 'poor',
  [ConnectionQuality.Lost]: 'lost',
  [ConnectionQuality.Unknown]: null,
}

/** The source of a track of this name; null of what is none of ours. */
export function sourceOf(name: string): Source | null {
  return Object.hasOwn(SOURCES, name) ? (name as Source) : null
}

/** How a source is sent: as to our own workers, a face in two sizes, a scan never smaller than it is. */
export function encodingOf(source: Source, { width = 640, height = 480 }: { width?: number; height?: number }): TrackPublishOptions {
  const options: TrackPublishOptions = { name: source, source: SOURCES[source] }
  if (source === 'microphone') return { ...options, red: true }
  const picture: TrackPublishOptions = { ...options, videoCodec: 'vp8', backupCodec: false }
  if (source !== 'camera') return { ...picture, simulcast: false, screenShareEncoding: { maxBitrate: BITRATES.scan } }
  return {
    ...picture,
    simulcast: true,
    videoEncoding: { maxBitrate: BITRATES.face },
    videoSimulcastLayers: [new VideoPreset(width / 2, height / 2, BITRATES.smallFace)],
  }
}

export function qualityOf(layer: Exclude<Layer, 'off'>): VideoQuality {
  return layer === 'high' ? VideoQuality.HIGH : VideoQuality.LOW
}

/** Null before LiveKit has told. */
export function lightOf(quality: ConnectionQuality): Light | null {
  return LIGHTS[quality]
}
