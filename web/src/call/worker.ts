/** A line to one of our own workers: a session that survives its sockets, and two connections. */
import type { Events, Key, Line, Tracks } from './line'
import { Link } from './link'
import type { Ending, FromWorker, Layer, Source, Ticket } from './messages'
import { Peers } from './peers'

export class WorkerLine implements Line {
  private readonly link: Link
  private peers: Peers | null = null
  private tracks: Tracks = new Map()
  private readonly muted = new Set<Source>()
  private joined = false

  constructor(
    private readonly ticket: Ticket,
    private readonly events: Events,
  ) {
    this.link = new Link(ticket.url, (message) => void this.heard(message), (ending) => this.events.over(ending))
  }

  async join(): Promise<Ending | null> {
    const refused = await this.link.join(this.ticket.token)
    if (refused !== null) return refused
    this.joined = true
    this.peers = new Peers(
      this.ticket.ice_servers,
      (message) => this.link.say(message),
      () => this.events.changed(),
      () => this.events.over('unreachable'),
    )
    this.peers.send(this.tracks)
    return null
  }

  send(tracks: Tracks): void {
    this.tracks = tracks
    this.peers?.send(tracks)
  }

  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source)
    else this.muted.delete(source)
    if (this.joined) this.link.say({ type: 'mute', source, muted })
  }

  show(key: Key, layer: Layer): void {
    const [participant = '', source] = key.split('/') as [string, Source]
    this.link.say({ type: 'show', participant, source, layer })
  }

  say(topic: string, data: unknown): void {
    this.link.say({ type: 'say', topic, data })
  }

  leave(): void {
    this.link.leave()
    this.close()
  }

  stream(key: Key): MediaStream | null {
    return this.peers?.streams.get(key) ?? null
  }

  async loudness(): Promise<Map<Key, number>> {
    return (await this.peers?.loudness()) ?? new Map<Key, number>()
  }

  wait(ms: number | null): void {
    this.peers?.wait(ms)
  }

  close(): void {
    this.link.close()
    this.peers?.close()
    this.peers = null
  }

  private async heard(message: FromWorker): Promise<void> {
    if (message.type === 'answer' || message.type === 'offer') await this.peers?.take(message)
    // Only now does the worker know the source that is silent.
    if (message.type === 'answer') for (const source of this.muted) this.link.say({ type: 'mute', source, muted: true })
    else if (message.type !== 'offer' && message.type !== 'bye') this.events.heard(message)
  }
}
