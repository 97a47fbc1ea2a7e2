/** How sources are sent and heard over WebRTC, whichever engine is at the other end. */
import type { Key, Tracks } from './line'
import type { Source } from './messages'

/** Bits per second that a picture takes at most, whichever engine is at the other end. */
export const BITRATES = { smallFace: 100_000, face: 600_000, scan: 2_500_000 }
const FACE = [
  { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: BITRATES.smallFace },
  { rid: 'h', maxBitrate: BITRATES.face },
]
/** A scan is never made smaller: fewer frames before fewer pixels. */
const SCAN = [{ maxBitrate: BITRATES.scan }]
/** A line that is away for so long is not waited for. */
const PATIENCE_MS = 2000

/** A section that sends this track as its source is to be sent. */
function addSource(connection: RTCPeerConnection, source: Source, track: MediaStreamTrack): RTCRtpTransceiver {
  const audio = source === 'microphone'
  const encodings = audio ? undefined : source === 'camera' ? FACE : SCAN
  if (source === 'screen' || source === 'ultrasound') track.contentHint = 'detail'
  const made = connection.addTransceiver(track, { direction: 'sendonly', ...(encodings && { sendEncodings: encodings }) })
  prefer(made, audio ? ['audio/red', 'audio/opus'] : ['video/vp8', 'video/rtx'])
  return made
}

/** Send these sources and no other over a connection; `sending` is what it carries, by source. */
export function carry(connection: RTCPeerConnection, sending: Map<Source, RTCRtpTransceiver>, tracks: Tracks): void {
  for (const [source, transceiver] of sending) {
    if (tracks.has(source)) continue
    transceiver.stop()
    sending.delete(source)
  }
  for (const [source, track] of tracks) {
    const known = sending.get(source)
    if (known) void known.sender.replaceTrack(track)
    else sending.set(source, addSource(connection, source, track))
  }
}

function prefer(transceiver: RTCRtpTransceiver, types: readonly string[]): void {
  const kind = types[0]?.startsWith('audio') ? 'audio' : 'video'
  const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? []
  const wanted = types.flatMap((type) => known.filter((codec) => codec.mimeType.toLowerCase() === type))
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted)
}

/** Tells once when a connection failed, or is away for longer than one waits. Gives back how to stop. */
export function watchOver(connection: RTCPeerConnection, broken: () => void): () => void {
  let patience: ReturnType<typeof setTimeout> | undefined
  connection.onconnectionstatechange = () => {
    clearTimeout(patience)
    if (connection.connectionState === 'failed') broken()
    if (connection.connectionState === 'disconnected') patience = setTimeout(broken, PATIENCE_MS)
  }
  return () => {
    clearTimeout(patience)
    connection.onconnectionstatechange = null
  }
}

const streams = new WeakMap<MediaStreamTrack, MediaStream>()

/** One stream per track: a picture that goes on is not set anew on its element. */
export function streamOf(track: MediaStreamTrack): MediaStream {
  const known = streams.get(track) ?? new MediaStream([track])
  streams.set(track, known)
  return known
}

/** Keep pictures so long for packets that are sent again; null as the browser likes. */
export function holdPictures(connection: RTCPeerConnection, ms: number | null): void {
  for (const { receiver } of connection.getTransceivers()) holdPicture(receiver, ms)
}

/** The same of one receiver; sound is left alone. */
export function holdPicture(receiver: RTCRtpReceiver, ms: number | null): void {
  if (receiver.track.kind === 'video' && receiver.jitterBufferTarget !== ms) receiver.jitterBufferTarget = ms
}

/** What a browser counts of one incoming stream (RTCInboundRtpStreamStats). */
interface Heard {
  type: string
  kind?: string
  mid?: string
  totalAudioEnergy?: number
  totalSamplesDuration?: number
}

/** How loud each section of a connection, or one receiver, was between two questions. */
export class Loudness {
  private readonly energies = new Map<Key, { energy: number; seconds: number }>()

  async ask(connection: { getStats(): Promise<RTCStatsReport> }, keys: { get(mid: string): Key | undefined }): Promise<Map<Key, number>> {
    const loud = new Map<Key, number>()
    for (const one of (await connection.getStats()).values() as Iterable<Heard>) {
      const key = one.type === 'inbound-rtp' && one.kind === 'audio' ? keys.get(one.mid ?? '') : undefined
      if (key === undefined) continue
      const now = { energy: one.totalAudioEnergy ?? 0, seconds: one.totalSamplesDuration ?? 0 }
      const before = this.energies.get(key) ?? now
      this.energies.set(key, now)
      const seconds = now.seconds - before.seconds
      loud.set(key, seconds > 0 ? Math.sqrt(Math.max(0, now.energy - before.energy) / seconds) : 0)
    }
    return loud
  }
}
