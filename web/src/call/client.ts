/**
 * A call: joins with a ticket, sends one's sources, shows the others', and comes back by itself.
 *
 * What carries it is a line, which knows its engine. When the engine is gone, or the connections
 * failed, everything is built anew with a fresh ticket, as often as needed; only a word that means
 * "do not come back" ends the call.
 */
import type { Key, Line } from './line'
import { openLine } from './lines'
import type { Ending, FromLine, Layer, Network, Person, Picture, RecordingNow, Source, Ticket } from './messages'
import { Patience } from './patience'

export type CallState = 'connecting' | 'connected' | 'reconnecting' | 'ended'

/** Softer is a room's own noise. */
const AUDIBLE = 0.01
const WAITS_MS = [150, 400, 800, 1200]
/** Words after which one does not come back by oneself. */
const FINAL: ReadonlySet<Ending> = new Set(['refused', 'ejected', 'closed', 'full', 'elsewhere', 'kicked'])

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
  private line: Line | null = null
  /** The last that joined: for its engine one is in the room by it until another one has. */
  private joined: Line | null = null
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
    this.line?.send(this.tracks)
  }

  /** Silence one's own source, or speak again. */
  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source)
    else this.muted.delete(source)
    this.line?.mute(source, muted)
  }

  /** How large somebody's picture is shown. */
  show(participant: string, source: Source, layer: Layer): void {
    const key: Key = `${participant}/${source}`
    if (this.shows.get(key) === layer) return
    this.shows.set(key, layer)
    this.line?.show(key, layer)
  }

  stream(participant: string, source: Source): MediaStream | null {
    return this.line?.stream(`${participant}/${source}`) ?? null
  }

  /** Who is loudest just now, if anybody is heard. */
  async loudest(): Promise<string | null> {
    const heard = [...((await this.line?.loudness()) ?? [])].sort((a, b) => b[1] - a[1])[0]
    return heard && heard[1] > AUDIBLE ? (heard[0].split('/')[0] ?? null) : null
  }

  /** Something for the others' pages at once; nothing of it is kept, and without a line it is lost. */
  say(topic: string, data: unknown): void {
    if (this.state === 'connected') this.line?.say(topic, data)
  }

  leave(): void {
    for (const line of new Set([this.line, this.joined])) line?.leave()
    this.end('closed')
  }

  private get stopped(): boolean {
    return this.state === 'ended'
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
      if (turn !== this.attempt || this.stopped) return
      if (isRefusal(error)) this.end('refused')
      else this.again(turn)
      return
    }
    if (turn !== this.attempt || this.stopped) return
    this.me = ticket.participant_id
    const line: Line = await openLine(ticket, {
      heard: (message) => this.heard(line, message),
      changed: () => line === this.line && this.changed(),
      over: (ending) => this.over(line, ending),
    })
    if (turn !== this.attempt || this.stopped) {
      line.close()
      return
    }
    this.line = line
    line.send(this.tracks)
    for (const source of this.muted) line.mute(source, true)
    for (const [key, layer] of this.shows) line.show(key, layer)
    const refused = await line.join()
    if (line !== this.line) return
    if (refused !== null) return this.over(line, refused)
    this.joined = line
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

  private over(line: Line, ending: Ending): void {
    if (line !== this.line || this.stopped) return
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
    this.line?.close()
    this.line = null
    this.networks.clear()
    this.recording = null
  }

  private heard(line: Line, message: FromLine): void {
    if (line !== this.line) return
    if (message.type === 'said') {
      this.said(message.participant, message.topic, message.data)
      return
    }
    if (message.type === 'people') this.people = message.people
    else if (message.type === 'quality') {
      this.networks = new Map(message.people.map((one) => [one.id, one]))
      line.wait(this.patience.heard(this.losses))
    } else if (message.type === 'pictures') this.taken = message.taken
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
