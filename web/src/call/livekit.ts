/**
 * A line to a LiveKit server, over its own client: that one signs in, publishes, is sent the others and
 * repairs itself. A participant's identity is the id of their admission, a track's name is its source.
 * LiveKit tells how good a line is in words alone, so the pages tell each other what theirs loses.
 */
import {
  ConnectionError,
  ConnectionErrorReason,
  ConnectionState,
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  type Participant,
  type RemoteParticipant,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  type TrackPublication,
} from 'livekit-client'

import type { Events, Key, Line, Tracks } from './line'
import { encodingOf, lightOf, qualityOf, sourceOf } from './livekitWords'
import type { Ending, Layer, Network, Person, Source, Ticket } from './messages'
import { type OwnLine, outgoing } from './ownLine'
import { Loudness, holdPicture, streamOf } from './sending'

const STATE = '.state'
const STATE_MS = 2_000
/** LiveKit's own repair, before everything is built anew with a fresh ticket. */
const RETRIES_MS = [0, 300, 1_200, 2_700]
const NOT_FOUND = 404
const UNKNOWN_LINE: OwnLine = { loss: 0, round_trip_ms: 0 }

/** Null for what one did oneself; of every other reason one comes back. */
const ENDINGS: Partial<Record<DisconnectReason, Ending | null>> = {
  [DisconnectReason.CLIENT_INITIATED]: null,
  [DisconnectReason.DUPLICATE_IDENTITY]: 'elsewhere',
  [DisconnectReason.PARTICIPANT_REMOVED]: 'kicked',
  [DisconnectReason.ROOM_DELETED]: 'closed',
  [DisconnectReason.ROOM_CLOSED]: 'closed',
}

type Sent = LocalAudioTrack | LocalVideoTrack

export class LiveKitLine implements Line {
  private readonly room: Room
  private readonly sending = new Map<Source, Sent>()
  private readonly muted = new Set<Source>()
  /** Silenced by a host; LiveKit leaves it to the page to keep it so. */
  private readonly held = new Set<Source>()
  private readonly shows = new Map<Key, Layer>()
  private readonly lines = new Map<string, OwnLine>()
  private readonly loud = new Loudness()
  private timer: ReturnType<typeof setInterval> | undefined
  private wanted: Tracks = new Map()
  private waitMs: number | null = null
  private joined = false
  private closed = false
  /** Changes of what is sent wait for each other. */
  private work: Promise<void> = Promise.resolve()

  constructor(
    private readonly ticket: Ticket,
    private readonly events: Events,
  ) {
    this.room = new Room({
      adaptiveStream: false,
      dynacast: true,
      stopLocalTrackOnUnpublish: false,
      reconnectPolicy: { nextRetryDelayInMs: ({ retryCount }) => RETRIES_MS[retryCount] ?? null },
    })
    this.listen()
  }

  async join(): Promise<Ending | null> {
    try {
      // Always ours, also when there are none: LiveKit would name public servers.
      await this.room.connect(this.ticket.url, this.ticket.token, { rtcConfig: { iceServers: this.ticket.ice_servers } })
    } catch (error) {
      return isRefusal(error) ? 'refused' : 'unreachable'
    }
    if (this.closed) return 'unreachable'
    this.joined = true
    this.publish()
    this.tellPeople()
    this.timer = setInterval(() => void this.tellState(), STATE_MS)
    return null
  }

  send(tracks: Tracks): void {
    this.wanted = new Map(tracks)
    if (this.joined) this.publish()
  }

  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source)
    else this.muted.delete(source)
    void this.silence(source)
  }

  show(key: Key, layer: Layer): void {
    this.shows.set(key, layer)
    const publication = this.publication(key)
    if (publication) this.configure(publication, layer)
  }

  say(topic: string, data: unknown): void {
    const words = new TextEncoder().encode(JSON.stringify(data))
    if (this.joined) void this.room.localParticipant.publishData(words, { reliable: true, topic }).catch(() => undefined)
  }

  leave(): void {
    this.close()
  }

  stream(key: Key): MediaStream | null {
    const track = this.publication(key)?.track?.mediaStreamTrack
    return track ? streamOf(track) : null
  }

  async loudness(): Promise<Map<Key, number>> {
    const heard = [...this.received()].flatMap(({ key, publication }) => {
      const receiver = publication.track?.receiver
      return receiver && key.endsWith('/microphone') ? [this.loud.ask(receiver, { get: () => key })] : []
    })
    return new Map((await Promise.all(heard)).flatMap((one) => [...one]))
  }

  wait(ms: number | null): void {
    this.waitMs = ms
    for (const { publication } of this.received()) this.hold(publication)
  }

  close(): void {
    this.closed = true
    clearInterval(this.timer)
    this.room.removeAllListeners()
    void this.room.disconnect(false)
  }

  private over(ending: Ending): void {
    if (!this.closed) this.events.over(ending)
  }

  private listen(): void {
    const people = () => this.tellPeople()
    this.room
      .on(RoomEvent.Disconnected, (reason) => this.gone(reason))
      .on(RoomEvent.ParticipantConnected, people)
      .on(RoomEvent.ParticipantDisconnected, (who) => this.left(who))
      .on(RoomEvent.TrackPublished, people)
      .on(RoomEvent.TrackUnpublished, people)
      .on(RoomEvent.LocalTrackPublished, people)
      .on(RoomEvent.LocalTrackUnpublished, people)
      .on(RoomEvent.TrackMuted, (publication, who) => this.changedMute(publication, who))
      .on(RoomEvent.TrackUnmuted, (publication, who) => this.changedMute(publication, who))
      .on(RoomEvent.TrackSubscribed, (_track, publication, who) => this.subscribed(publication, who))
      .on(RoomEvent.TrackUnsubscribed, () => this.events.changed())
      .on(RoomEvent.ConnectionQualityChanged, () => this.tellNetworks())
      .on(RoomEvent.Reconnecting, () => this.tellNetworks())
      .on(RoomEvent.Reconnected, () => this.tellPeople())
      .on(RoomEvent.DataReceived, (payload, who, _kind, topic) => this.read(payload, who, topic))
  }

  private gone(reason: DisconnectReason | undefined): void {
    // Before it is joined, `join` says what became of it.
    const ending = reason === undefined ? undefined : ENDINGS[reason]
    if (this.joined && ending !== null) this.over(ending ?? 'unreachable')
  }

  private left({ identity }: RemoteParticipant): void {
    this.lines.delete(identity)
    this.tellPeople()
    this.tellNetworks()
  }

  private subscribed(publication: RemoteTrackPublication, { identity }: RemoteParticipant): void {
    const source = sourceOf(publication.trackName)
    const layer = source && this.shows.get(`${identity}/${source}`)
    if (layer) this.configure(publication, layer)
    this.hold(publication)
    this.events.changed()
  }

  /** Send what is wanted, and nothing else. */
  private publish(): void {
    this.work = this.work
      .then(async () => {
        if (this.closed) return
        const me = this.room.localParticipant
        for (const [source, sent] of [...this.sending]) {
          if (this.wanted.has(source)) continue
          this.sending.delete(source)
          await me.unpublishTrack(sent, false)
        }
        for (const [source, track] of this.wanted) {
          const sent = this.sending.get(source)
          if (sent) await this.replace(sent, track)
          else await this.begin(source, track)
        }
      })
      .catch(() => this.over('unreachable'))
  }

  private async begin(source: Source, track: MediaStreamTrack): Promise<void> {
    // A host's word on an earlier line may have left it silent.
    track.enabled = !this.silent(source)
    const sent = source === 'microphone' ? new LocalAudioTrack(track, undefined, true) : new LocalVideoTrack(track, undefined, true)
    this.sending.set(source, sent)
    if (source === 'screen' || source === 'ultrasound') track.contentHint = 'detail'
    // Silent before anybody could hear it.
    await this.silence(source)
    await this.room.localParticipant.publishTrack(sent, encodingOf(source, track.getSettings()))
  }

  private async replace(sent: Sent, track: MediaStreamTrack): Promise<void> {
    if (sent.mediaStreamTrack !== track) await sent.replaceTrack(track, true)
  }

  private silent(source: Source): boolean {
    return this.muted.has(source) || this.held.has(source)
  }

  /** As silent as oneself and the hosts want it. */
  private async silence(source: Source): Promise<void> {
    const sent = this.sending.get(source)
    if (sent && sent.isMuted !== this.silent(source)) await (sent.isMuted ? sent.unmute() : sent.mute())
  }

  /** A change of one's own that one did not make is a host's. */
  private changedMute(publication: TrackPublication, who: Participant): void {
    const source = sourceOf(publication.trackName)
    if (source && who.isLocal) this.moderated(source, publication.isMuted)
    this.tellPeople()
  }

  private moderated(source: Source, muted: boolean): void {
    if (muted === this.silent(source)) return
    if (muted) this.held.add(source)
    else this.held.delete(source)
    this.events.heard({ type: 'muted', source, muted })
    // Given back by a host is not spoken by oneself.
    void this.silence(source)
  }

  private publication(key: Key): RemoteTrackPublication | undefined {
    const [id = '', source = ''] = key.split('/')
    return this.room.remoteParticipants.get(id)?.getTrackPublicationByName(source)
  }

  private *received(): Iterable<{ key: Key; publication: RemoteTrackPublication }> {
    for (const { identity, trackPublications } of this.room.remoteParticipants.values()) {
      for (const publication of trackPublications.values()) {
        const source = sourceOf(publication.trackName)
        if (source) yield { key: `${identity}/${source}`, publication }
      }
    }
  }

  private configure(publication: RemoteTrackPublication, layer: Layer): void {
    if (publication.trackName === 'microphone' || !publication.track) return
    publication.setEnabled(layer !== 'off')
    if (layer !== 'off') publication.setVideoQuality(qualityOf(layer))
  }

  private hold({ track }: RemoteTrackPublication): void {
    if (track?.receiver) holdPicture(track.receiver, this.waitMs)
  }

  private tellPeople(): void {
    const own = [...this.sending].map(([source, { isMuted: muted }]) => ({ source, muted }))
    const people: Person[] = [{ id: this.ticket.participant_id, role: '', here: true, sources: own }]
    for (const { identity, trackPublications } of this.room.remoteParticipants.values()) {
      const sources = [...trackPublications.values()].flatMap(({ trackName, isMuted: muted }) => {
        const source = sourceOf(trackName)
        return source ? [{ source, muted }] : []
      })
      people.push({ id: identity, role: '', here: true, sources })
    }
    this.events.heard({ type: 'people', people })
  }

  private async tellState(): Promise<void> {
    const reports = await Promise.all([...this.sending.values()].map(({ sender }) => sender?.getStats()))
    if (this.closed) return
    const line = outgoing(new Map(reports.flatMap((one) => [...((one as ReadonlyMap<string, unknown> | undefined) ?? [])])))
    if (line) {
      this.lines.set(this.ticket.participant_id, line)
      this.say(STATE, line)
    }
    this.tellNetworks()
  }

  private tellNetworks(): void {
    const { localParticipant: me, remoteParticipants, state } = this.room
    const people = [me, ...remoteParticipants.values()].flatMap((who): Network[] => {
      const id = who === me ? this.ticket.participant_id : who.identity
      const light = who === me && state !== ConnectionState.Connected ? 'lost' : lightOf(who.connectionQuality)
      return light ? [{ id, light, ...(this.lines.get(id) ?? UNKNOWN_LINE), audio_only: false }] : []
    })
    this.events.heard({ type: 'quality', people })
  }

  private read(payload: Uint8Array, who: RemoteParticipant | undefined, topic: string | undefined): void {
    if (!who || topic === undefined) return
    const data: unknown = JSON.parse(new TextDecoder().decode(payload))
    if (topic !== STATE) return this.events.heard({ type: 'said', participant: who.identity, topic, data })
    this.lines.set(who.identity, data as OwnLine)
    this.tellNetworks()
  }
}

/** LiveKit does not take this ticket; a room that is not there (yet) is asked for anew. */
function isRefusal(error: unknown): boolean {
  return error instanceof ConnectionError && error.reason === ConnectionErrorReason.NotAllowed && error.status !== NOT_FOUND
}
