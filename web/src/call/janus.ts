/**
 * A line to a Janus gateway: one handle of its VideoRoom on which we publish, one on which we are sent
 * the others. What Janus does not carry (who is silent, how a line is, where one points) the pages tell
 * each other over the data channel that every publisher has.
 */
import { type Handle, JanusRefused, JanusSession, type Said } from './janusSession'
import { type Feed, feedsOf, keysOf, substreamOf, without } from './janusFeeds'
import type { Events, Key, Line, Tracks } from './line'
import type { Ending, Layer, Network, Person, Source, Ticket } from './messages'
import { Loudness, carry, holdPictures, streamOf, watchOver } from './sending'
import { lightOf, outgoing } from './ownLine'

/** The name under which Janus passes data on. */
const CHANNEL = 'JanusDataChannel'
const STATE = '.state'
const STATE_MS = 2_000
const NO_SUCH_ROOM = 426

/** What a page tells of itself. */
interface OwnState {
  muted: Source[]
  network: Network | null
}

export class JanusLine implements Line {
  private session: JanusSession | null = null
  private publisher: Handle | null = null
  private subscriber: Handle | null = null
  private readonly publish: RTCPeerConnection
  private readonly subscribe: RTCPeerConnection
  private readonly words: RTCDataChannel
  private readonly sending = new Map<Source, RTCRtpTransceiver>()
  private readonly muted = new Set<Source>()
  private readonly shows = new Map<Key, Layer>()
  private readonly states = new Map<string, OwnState>()
  private readonly streams = new Map<Key, MediaStream>()
  private readonly loud = new Loudness()
  private readonly stops: (() => void)[] = []
  private keys: ReadonlyMap<string, Key> = new Map()
  private feeds: readonly Feed[] = []
  private taken = new Set<string>()
  private waitMs: number | null = null
  private room = ''
  private privateId: unknown = null
  private published = false
  private closed = false
  /** Changes of either connection wait for each other. */
  private sendWork: Promise<void> = Promise.resolve()
  private takeWork: Promise<void> = Promise.resolve()

  constructor(
    private readonly ticket: Ticket,
    private readonly events: Events,
  ) {
    const configuration: RTCConfiguration = { iceServers: ticket.ice_servers, bundlePolicy: 'max-bundle' }
    this.publish = new RTCPeerConnection(configuration)
    this.subscribe = new RTCPeerConnection(configuration)
    this.words = this.publish.createDataChannel(CHANNEL)
    this.words.onopen = () => void this.tellState()
    for (const connection of [this.publish, this.subscribe]) this.stops.push(watchOver(connection, () => this.over('unreachable')))
    this.publish.onicecandidate = ({ candidate }) => this.publisher?.trickle(candidate)
    this.subscribe.onicecandidate = ({ candidate }) => this.subscriber?.trickle(candidate)
    // Janus sends data only to those who opened a channel themselves, on one named after each sender.
    this.subscribe.createDataChannel(CHANNEL)
    this.subscribe.ondatachannel = ({ channel }) => {
      channel.onmessage = (event) => this.read(channel.label, String(event.data))
    }
  }

  async join(): Promise<Ending | null> {
    const [room = '', me = '', word = ''] = this.ticket.token.split('.')
    this.room = room
    try {
      this.session = await JanusSession.open(this.ticket.url, () => this.over('unreachable'))
      this.publisher = await this.session.attach((said) => this.heard(said))
      const joined = await this.publisher.ask({ request: 'join', ptype: 'publisher', room, id: me, token: word })
      this.privateId = joined.data['private_id']
      this.heard(joined)
    } catch (error) {
      if (!(error instanceof JanusRefused)) return 'unreachable'
      return error.code === NO_SUCH_ROOM ? 'closed' : 'refused'
    }
    this.offer()
    const timer = setInterval(() => void this.tellState(), STATE_MS)
    this.stops.push(() => clearInterval(timer))
    return null
  }

  send(tracks: Tracks): void {
    carry(this.publish, this.sending, tracks)
    if (this.publisher) this.offer()
  }

  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source)
    else this.muted.delete(source)
    void this.tellState()
  }

  show(key: Key, layer: Layer): void {
    this.shows.set(key, layer)
    this.configure([key])
  }

  say(topic: string, data: unknown): void {
    if (this.words.readyState === 'open') this.words.send(JSON.stringify({ topic, data }))
  }

  leave(): void {
    void this.publisher?.ask({ request: 'leave' }).catch(() => undefined)
    this.close()
  }

  stream(key: Key): MediaStream | null {
    return this.streams.get(key) ?? null
  }

  loudness(): Promise<Map<Key, number>> {
    return this.loud.ask(this.subscribe, this.keys)
  }

  wait(ms: number | null): void {
    this.waitMs = ms
    holdPictures(this.subscribe, ms)
  }

  close(): void {
    this.closed = true
    for (const stop of this.stops) stop()
    this.session?.close()
    this.publish.close()
    this.subscribe.close()
  }

  private over(ending: Ending): void {
    if (!this.closed) this.events.over(ending)
  }

  private heard({ data }: Said): void {
    if (data['leaving'] === 'ok') return this.over(data['reason'] === 'kicked' ? 'kicked' : 'closed')
    if (data['videoroom'] === 'destroyed') return this.over('closed')
    if (data['moderation'] !== undefined && data['id'] === this.ticket.participant_id) this.moderated(data)
    const gone = data['leaving'] ?? data['unpublished'] ?? data['kicked']
    this.feeds = typeof gone === 'string' ? without(this.feeds, gone) : feedsOf(this.feeds, data)
    this.tellPeople()
    this.follow()
  }

  private moderated(data: Record<string, unknown>): void {
    const source = [...this.sending].find(([, { mid }]) => mid === data['mid'])?.[0]
    if (source) this.events.heard({ type: 'muted', source, muted: data['moderation'] === 'muted' })
  }

  private tellPeople(): void {
    const own = [...this.sending.keys()].map((source) => ({ source, muted: this.muted.has(source) }))
    const people: Person[] = this.feeds.map(({ id, sources }) => ({
      id,
      role: '',
      here: true,
      sources: sources.map(({ source, moderated }) => ({ source, muted: moderated || (this.states.get(id)?.muted.includes(source) ?? false) })),
    }))
    this.events.heard({ type: 'people', people: [{ id: this.ticket.participant_id, role: '', here: true, sources: own }, ...people] })
  }

  /** Say anew what we send. */
  private offer(): void {
    this.sendWork = this.sendWork
      .then(async () => {
        if (this.closed || !this.publisher) return
        await this.publish.setLocalDescription()
        const descriptions = [...this.sending].map(([source, { mid }]) => ({ mid, description: source }))
        const request = this.published ? 'configure' : 'publish'
        this.published = true
        // Our layers are offered the smallest first, which Janus has to be told.
        const offer = { ...(this.publish.localDescription?.toJSON() as RTCSessionDescriptionInit), rid_order: 'lmh' }
        const { jsep } = await this.publisher.ask({ request, descriptions }, offer)
        if (jsep) await this.publish.setRemoteDescription(jsep)
        this.tellPeople()
      })
      .catch(() => this.over('unreachable'))
  }

  /** Be sent what the others send, and no longer what they do not. */
  private follow(): void {
    this.takeWork = this.takeWork
      .then(async () => {
        if (this.closed || !this.session) return
        const wanted = new Map(this.feeds.flatMap(({ id, mids }) => mids.map((mid) => [`${id}/${mid}`, { feed: id, mid }] as const)))
        const subscribe = [...wanted].filter(([name]) => !this.taken.has(name)).map(([, one]) => one)
        const present = new Set(this.feeds.map(({ id }) => id))
        this.taken = new Set([...this.taken].filter((name) => present.has(name.split('/')[0] ?? '')))
        if (subscribe.length === 0) return
        for (const name of wanted.keys()) this.taken.add(name)
        if (this.subscriber) await this.answer(await this.subscriber.ask({ request: 'subscribe', streams: subscribe }))
        else {
          this.subscriber = await this.session.attach((said) => this.offered(said))
          const asked = { request: 'join', ptype: 'subscriber', room: this.room, private_id: this.privateId }
          await this.answer(await this.subscriber.ask({ ...asked, streams: subscribe }))
        }
      })
      .catch(() => this.over('unreachable'))
  }

  /** Janus offers by itself when somebody sends less. */
  private offered(said: Said): void {
    if (said.jsep) this.takeWork = this.takeWork.then(() => this.answer(said)).catch(() => this.over('unreachable'))
  }

  private async answer({ data, jsep }: Said): Promise<void> {
    if (!jsep || this.closed) return
    await this.subscribe.setRemoteDescription(jsep)
    await this.subscribe.setLocalDescription()
    await this.subscriber?.ask({ request: 'start' }, this.subscribe.localDescription?.toJSON() as RTCSessionDescriptionInit)
    this.keys = keysOf(data['streams'])
    this.streams.clear()
    for (const { mid, receiver } of this.subscribe.getTransceivers()) {
      const key = mid === null ? undefined : this.keys.get(mid)
      if (key) this.streams.set(key, streamOf(receiver.track))
    }
    holdPictures(this.subscribe, this.waitMs)
    this.configure([...this.shows.keys()])
    this.events.changed()
  }

  private configure(keys: readonly Key[]): void {
    const mids = new Map([...this.keys].map(([mid, key]) => [key, mid]))
    const streams = keys.flatMap((key) => {
      const mid = mids.get(key)
      const layer = this.shows.get(key)
      return mid === undefined || layer === undefined || key.endsWith('/microphone') ? [] : [{ mid, ...substreamOf(layer) }]
    })
    if (streams.length > 0) void this.subscriber?.ask({ request: 'configure', streams }).catch(() => undefined)
  }

  private async tellState(): Promise<void> {
    if (this.closed) return
    const line = outgoing(await this.publish.getStats())
    const network: Network | null = line && { id: this.ticket.participant_id, light: lightOf(line), ...line, audio_only: false }
    const state: OwnState = { muted: [...this.muted], network }
    this.say(STATE, state)
    this.states.set(this.ticket.participant_id, state)
    this.tellNetworks()
  }

  private tellNetworks(): void {
    const people = [...this.states.values()].flatMap(({ network }) => (network ? [network] : []))
    this.events.heard({ type: 'quality', people })
  }

  private read(from: string, text: string): void {
    const { topic, data } = JSON.parse(text) as { topic: string; data: unknown }
    if (!this.feeds.some(({ id }) => id === from)) return
    if (topic !== STATE) return this.events.heard({ type: 'said', participant: from, topic, data })
    this.states.set(from, data as OwnState)
    this.tellPeople()
    this.tellNetworks()
  }
}
