/**
 * The two connections of a client: on one it sends and offers, on the other it is sent the others
 * and answers. So nobody's offers ever collide.
 */
import type { FromWorker, Source, ToWorker } from './messages'

const FACE = [
  { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 100_000 },
  { rid: 'h', maxBitrate: 600_000 },
]
/** A scan is never made smaller: fewer frames before fewer pixels. */
const SCAN = [{ maxBitrate: 2_500_000 }]

/** A line that is away for so long is not waited for. */
const PATIENCE_MS = 2000

export type Key = `${string}/${Source}`

/** What a browser counts of one incoming stream (RTCInboundRtpStreamStats). */
interface Heard {
  type: string
  kind?: string
  mid?: string
  totalAudioEnergy?: number
  totalSamplesDuration?: number
}

export class Peers {
  /** What the others send, by whose it is. */
  readonly streams = new Map<Key, MediaStream>()
  private readonly publish: RTCPeerConnection
  private readonly subscribe: RTCPeerConnection
  private readonly sending = new Map<Source, RTCRtpTransceiver>()
  private keys: ReadonlyMap<string, Key> = new Map()
  private readonly energies = new Map<Key, { energy: number; seconds: number }>()
  private waitMs: number | null = null
  private n = 0
  private patience: ReturnType<typeof setTimeout> | undefined
  private offering: Promise<void> = Promise.resolve()

  constructor(
    iceServers: RTCIceServer[],
    private readonly say: (message: ToWorker) => void,
    private readonly changed: () => void,
    private readonly broken: () => void,
  ) {
    const configuration: RTCConfiguration = { iceServers, bundlePolicy: 'max-bundle' }
    this.publish = this.connection('publish', configuration)
    this.subscribe = this.connection('subscribe', configuration)
  }

  /** Send these sources and no other. */
  send(tracks: ReadonlyMap<Source, MediaStreamTrack>): void {
    for (const [source, transceiver] of this.sending) {
      if (tracks.has(source)) continue
      transceiver.stop()
      this.sending.delete(source)
    }
    for (const [source, track] of tracks) {
      const known = this.sending.get(source)
      if (known) void known.sender.replaceTrack(track)
      else this.sending.set(source, this.add(source, track))
    }
    this.offering = this.offering.then(() => this.offer()).catch(() => this.failed())
  }

  /** Take what concerns the connections. */
  async take(message: FromWorker): Promise<void> {
    if (message.type === 'answer' && message.n === this.n && this.publish.signalingState === 'have-local-offer') {
      await this.publish.setRemoteDescription({ type: 'answer', sdp: message.sdp })
    }
    if (message.type === 'offer') {
      await this.subscribe.setRemoteDescription({ type: 'offer', sdp: message.sdp })
      this.sort(new Map(message.tracks.map((one) => [one.mid, `${one.participant}/${one.source}` as Key])))
      await this.subscribe.setLocalDescription()
      this.say({ type: 'answer', n: message.n, sdp: this.subscribe.localDescription?.sdp ?? '' })
    }
  }

  /** How loud everybody was since the last question, 0 to 1: by what is heard, not by what is said. */
  async loudness(): Promise<Map<Key, number>> {
    const loud = new Map<Key, number>()
    for (const one of (await this.subscribe.getStats()).values() as Iterable<Heard>) {
      const key = one.type === 'inbound-rtp' && one.kind === 'audio' ? this.keys.get(one.mid ?? '') : undefined
      if (key === undefined) continue
      const now = { energy: one.totalAudioEnergy ?? 0, seconds: one.totalSamplesDuration ?? 0 }
      const before = this.energies.get(key) ?? now
      this.energies.set(key, now)
      const seconds = now.seconds - before.seconds
      loud.set(key, seconds > 0 ? Math.sqrt(Math.max(0, now.energy - before.energy) / seconds) : 0)
    }
    return loud
  }

  /** So long pictures wait for packets that are sent again; null as the browser likes. */
  wait(ms: number | null): void {
    if (ms === this.waitMs) return
    this.waitMs = ms
    for (const { receiver } of this.subscribe.getTransceivers()) this.hold(receiver)
  }

  close(): void {
    clearTimeout(this.patience)
    for (const connection of [this.publish, this.subscribe]) {
      connection.onconnectionstatechange = null
      connection.close()
    }
  }

  private connection(of: 'publish' | 'subscribe', configuration: RTCConfiguration): RTCPeerConnection {
    const connection = new RTCPeerConnection(configuration)
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) this.say({ type: 'candidate', of, candidate: candidate.candidate, mid: candidate.sdpMid ?? '0' })
    }
    connection.onconnectionstatechange = () => {
      clearTimeout(this.patience)
      if (connection.connectionState === 'failed') this.broken()
      if (connection.connectionState === 'disconnected') this.patience = setTimeout(this.broken, PATIENCE_MS)
    }
    return connection
  }

  private add(source: Source, track: MediaStreamTrack): RTCRtpTransceiver {
    const audio = source === 'microphone'
    const encodings = audio ? undefined : source === 'camera' ? FACE : SCAN
    if (source === 'screen' || source === 'ultrasound') track.contentHint = 'detail'
    const made = this.publish.addTransceiver(track, {
      direction: 'sendonly',
      ...(encodings && { sendEncodings: encodings }),
    })
    prefer(made, audio ? ['audio/red', 'audio/opus'] : ['video/vp8', 'video/rtx'])
    return made
  }

  private async offer(): Promise<void> {
    // Whoever comes before their camera is open, or has none, has nothing to offer: an offer of nothing
    // is refused by the browser (no BUNDLE group under max-bundle).
    if (this.publish.getTransceivers().length === 0) return
    await this.publish.setLocalDescription()
    const sources: Record<string, Source> = {}
    for (const [source, { mid }] of this.sending) if (mid !== null) sources[mid] = source
    this.n += 1
    this.say({ type: 'publish', n: this.n, sdp: this.publish.localDescription?.sdp ?? '', sources })
    await this.answered()
  }

  /** Nothing more could be sent on this line: a new one is made, unless it was closed on purpose. */
  private failed(): void {
    if (this.publish.signalingState !== 'closed') this.broken()
  }

  /** Until the worker has answered; the next offer waits for it. */
  private answered(): Promise<void> {
    return new Promise((done) => {
      const look = (): void => {
        if (this.publish.signalingState === 'have-local-offer') return
        this.publish.removeEventListener('signalingstatechange', look)
        done()
      }
      this.publish.addEventListener('signalingstatechange', look)
      look()
    })
  }

  private sort(keys: ReadonlyMap<string, Key>): void {
    this.keys = keys
    this.streams.clear()
    for (const { mid, receiver } of this.subscribe.getTransceivers()) {
      const key = mid === null ? undefined : keys.get(mid)
      if (key) this.streams.set(key, streamOf(receiver.track))
      this.hold(receiver)
    }
    this.changed()
  }

  private hold(receiver: RTCRtpReceiver): void {
    if (receiver.track.kind === 'video') receiver.jitterBufferTarget = this.waitMs
  }
}

const streams = new WeakMap<MediaStreamTrack, MediaStream>()

/** One stream per track: a picture that goes on is not set anew on its element. */
function streamOf(track: MediaStreamTrack): MediaStream {
  const known = streams.get(track) ?? new MediaStream([track])
  streams.set(track, known)
  return known
}

function prefer(transceiver: RTCRtpTransceiver, types: readonly string[]): void {
  const kind = types[0]?.startsWith('audio') ? 'audio' : 'video'
  const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? []
  const wanted = types.flatMap((type) => known.filter((codec) => codec.mimeType.toLowerCase() === type))
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted)
}
