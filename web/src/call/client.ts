/**
 * A call: joins with a ticket, sends one's sources, shows the others', and comes back by itself.
 *
 * A socket that breaks is resumed while sound and pictures go on. When the worker is gone, or the
 * connections failed, everything is built anew with a fresh ticket, as often as needed; only a word
 * that means "do not come back" ends the call.
 */
import { type Ending, Link } from './link'
import type { FromWorker, Layer, Network, Person, Picture, RecordingNow, Source, Ticket } from './messages'
import { Patience } from './patience'
import { type Key, Peers } from './peers'

export type CallState = 'connecting' | 'connected' | 'reconnecting' | 'ended'

/** Softer is a room's own noise. */
const AUDIBLE = 0.01
const WAITS_MS = [150, 400, 800, 1200]
/** Words after which one does not come back by oneself. */
const FINAL: ReadonlySet<Ending> = new Set(['refused', 'ejected', 'closed', 'full', 'elsewhere'])

export class CallClient {
  state: CallState = 'connecting'
  ending: Ending | null = null
  me: string | null = null
  people: Person[] = []
  networks = new Map<string, Network>()
  /** Pictures that one's own line took away. */
  taken: Picture[] = []
  recording: RecordingNow | null = null
  /** Sources that a host silenced. */
  held = new Set<Source>()
  private tracks = new Map<Source, MediaStreamTrack>()
  private muted = new Set<Source>()
  private shows = new Map<Key, Layer>()
  private link: Link | null = null
  private peers: Peers | null = null
  private attempt = 0
  private readonly patience = new Patience()

  constructor(
    private readonly ticket: () => Promise<Ticket>,
    private readonly changed: () => void,
    private readonly said: (participant: string, topic: string, data: unknown) => void = () => {},
  ) {
    globalThis.addEventListener('online', this.online)
  }

  /** Begin; resolves at once, `changed` tells the rest. */
  start(tracks: ReadonlyMap<Source, MediaStreamTrack>): void {
    this.tracks = new Map(tracks)
    void this.build()
  }

  /** Send these sources from now on. */
  send(tracks: ReadonlyMap<Source, MediaStreamTrack>): void {
    this.tracks = new Map(tracks)
    this.peers?.send(this.tracks)
  }

  /** Silence one's own source, or speak again. */
  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source)
    else this.muted.delete(source)
    this.link?.say({ type: 'mute', source, muted })
  }

  /** How large somebody's picture is shown. */
  show(participant: string, source: Source, layer: Layer): void {
    const key: Key = `${participant}/${source}`
    if (this.shows.get(key) === layer) return
    this.shows.set(key, layer)
    this.link?.say({ type: 'show', participant, source, layer })
  }

  stream(participant: string, source: Source): MediaStream | null {
    return this.peers?.streams.get(`${participant}/${source}`) ?? null
  }

  /** Who is loudest just now, if anybody is heard. */
  async loudest(): Promise<string | null> {
    const heard = [...((await this.peers?.loudness()) ?? [])].sort((a, b) => b[1] - a[1])[0]
    return heard && heard[1] > AUDIBLE ? (heard[0].split('/')[0] ?? null) : null
  }

  /** Something for the others' pages at once; nothing of it is kept, and without a line it is lost. */
  say(topic: string, data: unknown): void {
    if (this.state === 'connected') this.link?.say({ type: 'say', topic, data })
  }

  leave(): void {
    this.link?.say({ type: 'leave' })
    this.end('closed')
  }

  private readonly online = (): void => {
    if (this.state === 'reconnecting') void this.build()
  }

  private async build(): Promise<void> {
    this.drop()
    const turn = (this.attempt += 1)
    let ticket: Ticket
    try {
      ticket = await this.ticket()
    } catch (error) {
      if (turn !== this.attempt || this.state === 'ended') return
      if (isRefusal(error)) this.end('refused')
      else this.again(turn)
      return
    }
    if (turn !== this.attempt || this.state === 'ended') return
    this.me = ticket.participant_id
    const link = new Link(ticket.url, (message) => void this.heard(link, message), (ending) => this.over(link, ending))
    this.link = link
    const refused = await link.join(ticket.token)
    if (link !== this.link) return
    if (refused !== null) this.over(link, refused)
    else this.connect(link, ticket)
  }

  private connect(link: Link, ticket: Ticket): void {
    this.peers = new Peers(
      ticket.ice_servers,
      (message) => link.say(message),
      () => this.changed(),
      () => this.over(link, 'unreachable'),
    )
    this.peers.send(this.tracks)
    for (const source of this.muted) link.say({ type: 'mute', source, muted: true })
    for (const [key, layer] of this.shows) {
      const [participant = '', source] = key.split('/') as [string, Source]
      link.say({ type: 'show', participant, source, layer })
    }
    this.state = 'connected'
    this.failures = 0
    this.changed()
  }

  private failures = 0

  private again(turn: number): void {
    this.state = 'reconnecting'
    this.changed()
    const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)]
    this.failures += 1
    setTimeout(() => {
      if (turn === this.attempt && this.state === 'reconnecting') void this.build()
    }, wait)
  }

  private over(link: Link, ending: Ending): void {
    if (link !== this.link || this.state === 'ended') return
    if (FINAL.has(ending)) this.end(ending)
    else this.again(this.attempt)
  }

  private end(ending: Ending): void {
    this.state = 'ended'
    this.ending = ending
    globalThis.removeEventListener('online', this.online)
    this.drop()
    this.changed()
  }

  /** What one's own line loses, and those of everybody who sends. */
  private get losses(): number[] {
    const senders = this.people.filter(({ sources }) => sources.length > 0).map(({ id }) => id)
    return [this.me ?? '', ...senders].map((id) => this.networks.get(id)?.loss ?? 0)
  }

  private drop(): void {
    this.link?.close()
    this.peers?.close()
    this.link = null
    this.peers = null
    this.networks.clear()
    this.recording = null
  }

  private async heard(link: Link, message: FromWorker): Promise<void> {
    if (link !== this.link) return
    if (message.type === 'said') {
      this.said(message.participant, message.topic, message.data)
      return
    }
    await this.peers?.take(message)
    if (message.type === 'people') this.people = message.people
    else if (message.type === 'quality') {
      this.networks = new Map(message.people.map((one) => [one.id, one]))
      this.peers?.wait(this.patience.heard(this.losses))
    }
    else if (message.type === 'pictures') this.taken = message.taken
    else if (message.type === 'recording') this.recording = message
    else if (message.type === 'muted') {
      if (message.muted) this.held.add(message.source)
      else this.held.delete(message.source)
    }
    this.changed()
  }
}

/** A refusal of the server: asking again gives the same answer. */
function isRefusal(error: unknown): boolean {
  const status = (error as { status?: unknown }).status
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429
}
