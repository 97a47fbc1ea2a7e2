/**
 * The two connections of a client: on one it sends and offers, on the other it is sent the others
 * and answers. So nobody's offers ever collide.
 */
import type { Key } from './line'
import type { FromWorker, Source, ToWorker } from './messages'
import { Loudness, carry, holdPictures, streamOf, watchOver } from './sending'

export class Peers {
  /** What the others send, by whose it is. */
  readonly streams = new Map<Key, MediaStream>()
  private readonly publish: RTCPeerConnection
  private readonly subscribe: RTCPeerConnection
  private readonly sending = new Map<Source, RTCRtpTransceiver>()
  private keys: ReadonlyMap<string, Key> = new Map()
  private readonly loud = new Loudness()
  private readonly stops: (() => void)[] = []
  private waitMs: number | null = null
  private n = 0
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
    carry(this.publish, this.sending, tracks)
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
  loudness(): Promise<Map<Key, number>> {
    return this.loud.ask(this.subscribe, this.keys)
  }

  /** So long pictures wait for packets that are sent again; null as the browser likes. */
  wait(ms: number | null): void {
    this.waitMs = ms
    holdPictures(this.subscribe, ms)
  }

  close(): void {
    for (const stop of this.stops) stop()
    this.publish.close()
    this.subscribe.close()
  }

  private connection(of: 'publish' | 'subscribe', configuration: RTCConfiguration): RTCPeerConnection {
    const connection = new RTCPeerConnection(configuration)
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) this.say({ type: 'candidate', of, candidate: candidate.candidate, mid: candidate.sdpMid ?? '0' })
    }
    this.stops.push(watchOver(connection, this.broken))
    return connection
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
    }
    holdPictures(this.subscribe, this.waitMs)
    this.changed()
  }
}
