import {
  ConnectionError,
  ConnectionQuality,
  ConnectionState,
  DisconnectReason,
  type LocalTrack,
  RoomEvent,
  type RoomEventCallbacks,
  type RoomOptions,
  type TrackPublishOptions,
  VideoQuality,
} from 'livekit-client'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { LiveKitLine } from './livekit'
import type { Ending, FromLine, Person, Source, Ticket } from './messages'

type Listener = (...args: never[]) => void

/** A device's track, as far as a browser without WebRTC has one. */
class Device extends EventTarget {
  enabled = true
  contentHint = ''
  readyState = 'live'
  constructor(readonly kind: 'audio' | 'video') {
    super()
  }
  readonly getConstraints = () => ({})
  readonly getSettings = () => (this.kind === 'video' ? { width: 640, height: 360 } : {})
  readonly getCapabilities = () => ({})
  readonly stop = vi.fn()
}

const device = (kind: 'audio' | 'video') => new Device(kind) as unknown as MediaStreamTrack

/** Somebody else's track, as the client's events hand it over. */
function theirs(name: string) {
  const kind = name === 'microphone' ? 'audio' : 'video'
  const receiver = { track: { kind }, jitterBufferTarget: null as number | null, getStats: () => Promise.resolve(new Map(loudness())) }
  return { trackName: name, isMuted: false, track: { mediaStreamTrack: device(kind), receiver }, setEnabled: vi.fn(), setVideoQuality: vi.fn() }
}

let energy = 0
function* loudness(): Iterable<[string, object]> {
  energy += 0.25
  yield ['1', { type: 'inbound-rtp', kind: 'audio', mid: '3', totalAudioEnergy: energy, totalSamplesDuration: energy * 4 }]
}

function other(identity: string, ...names: string[]) {
  const publications = names.map(theirs)
  return {
    identity,
    isLocal: false,
    connectionQuality: ConnectionQuality.Excellent,
    trackPublications: new Map(publications.map((one) => [one.trackName, one])),
    getTrackPublicationByName: (name: string) => publications.find((one) => one.trackName === name),
  }
}

/** A room as livekit-client gives it, with a server that does what the test says. */
class Server {
  static last: Server
  static refuses: Error | null = null
  state = ConnectionState.Connected
  readonly remoteParticipants = new Map<string, ReturnType<typeof other>>()
  readonly published: { track: LocalTrack; options: TrackPublishOptions }[] = []
  readonly said: { topic: string; data: unknown }[] = []
  readonly connect = vi.fn(() => (Server.refuses ? Promise.reject(Server.refuses) : Promise.resolve()))
  readonly disconnect = vi.fn(() => Promise.resolve())
  readonly localParticipant = {
    identity: 'me',
    isLocal: true,
    connectionQuality: ConnectionQuality.Good,
    publishTrack: (track: LocalTrack, options: TrackPublishOptions) => {
      this.published.push({ track, options: { ...options, videoSimulcastLayers: options.videoSimulcastLayers } })
      return Promise.resolve()
    },
    unpublishTrack: (track: LocalTrack) => {
      this.published.splice(this.published.findIndex((one) => one.track === track), 1)
      return Promise.resolve()
    },
    publishData: (data: Uint8Array, { topic = '' }: { topic?: string }) => {
      this.said.push({ topic, data: JSON.parse(new TextDecoder().decode(data)) })
      return Promise.resolve()
    },
  }
  private readonly listeners = new Map<string, Listener[]>()
  constructor(readonly options: RoomOptions) {
    Server.last = this
  }
  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener])
    return this
  }
  removeAllListeners(): void {
    this.listeners.clear()
  }
  tell<E extends keyof RoomEventCallbacks>(event: E, ...args: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...(args as never[]))
  }
  comes(who: ReturnType<typeof other>): void {
    this.remoteParticipants.set(who.identity, who)
    this.tell(RoomEvent.ParticipantConnected, who)
    for (const publication of who.trackPublications.values()) this.tell(RoomEvent.TrackSubscribed, publication.track, publication, who)
  }
  /** MutePublishedTrack reached us: the client has already done it. */
  async moderates(name: string, muted: boolean): Promise<void> {
    const one = this.published.find(({ options }) => options.name === name)
    await (muted ? one?.track.mute() : one?.track.unmute())
    this.tell(muted ? RoomEvent.TrackMuted : RoomEvent.TrackUnmuted, { trackName: name, isMuted: muted }, this.localParticipant)
  }
}

vi.mock('livekit-client', async (original) => ({
  ...(await original<object>()),
  Room: vi.fn(function room(options: RoomOptions) {
    return new Server(options)
  }),
}))

const ticket: Ticket = { engine: 'livekit', participant_id: 'me', url: 'wss://livekit.test/', token: 'a.b.c', ice_servers: [] }
let heard: FromLine[] = []
let endings: Ending[] = []
const changed = vi.fn()

/** All that was promised has happened; nothing here takes time. */
const settled = () => new Promise((done) => setTimeout(done))

function line(): LiveKitLine {
  return new LiveKitLine(ticket, { heard: (message) => heard.push(message), changed, over: (ending) => endings.push(ending) })
}

async function joined(...sources: Source[]): Promise<{ made: LiveKitLine; server: Server }> {
  const made = line()
  made.send(new Map(sources.map((source) => [source, device(source === 'microphone' ? 'audio' : 'video')])))
  expect(await made.join()).toBeNull()
  await settled()
  return { made, server: Server.last }
}

function first({ published: [one] }: Server): Server['published'][number] {
  if (!one) throw new Error('nothing is published')
  return one
}

function people(): Person[] {
  return heard.flatMap((one) => (one.type === 'people' ? [one.people] : [])).at(-1) ?? []
}

function networks() {
  return heard.flatMap((one) => (one.type === 'quality' ? [one.people] : [])).at(-1)
}

beforeEach(() => {
  heard = []
  endings = []
  changed.mockClear()
  Server.refuses = null
  vi.stubGlobal('MediaStream', class { constructor(readonly tracks: unknown[]) {} })
})

describe('entering', () => {
  it('shows the ticket and asks our own relays, also where there are none', async () => {
    const { server } = await joined()
    expect(server.connect).toHaveBeenCalledWith('wss://livekit.test/', 'a.b.c', { rtcConfig: { iceServers: [] } })
  })

  it.each([
    [ConnectionError.notAllowed('expired', 401), 'refused'],
    [ConnectionError.notAllowed('no such room', 404), 'unreachable'],
    [ConnectionError.serverUnreachable('nobody'), 'unreachable'],
    [new Error('whatever'), 'unreachable'],
  ])('%s: %s', async (error, ending) => {
    Server.refuses = error
    expect(await line().join()).toBe(ending)
    expect(endings).toEqual([])
  })

  it('gives up its own repair after five seconds', async () => {
    const { server } = await joined()
    const delays = [0, 1, 2, 3, 4].map((retryCount) => server.options.reconnectPolicy?.nextRetryDelayInMs({ retryCount, elapsedMs: 0 }))
    expect(delays).toEqual([0, 300, 1_200, 2_700, null])
  })
})

describe('sending', () => {
  it('names every track after its source, a face in two sizes, a scan as large as it is', async () => {
    const { server } = await joined('microphone', 'camera', 'ultrasound', 'screen')
    const [sound, face, scan, screen] = server.published.map(({ options }) => options)
    expect(sound).toMatchObject({ name: 'microphone', source: 'microphone', red: true })
    expect(face).toMatchObject({ name: 'camera', source: 'camera', simulcast: true, videoCodec: 'vp8', videoEncoding: { maxBitrate: 600_000 } })
    expect(face?.videoSimulcastLayers?.map(({ width, height, encoding }) => [width, height, encoding.maxBitrate])).toEqual([[320, 180, 100_000]])
    expect(scan).toMatchObject({ name: 'ultrasound', source: 'screen_share', simulcast: false, screenShareEncoding: { maxBitrate: 2_500_000 } })
    expect(screen).toMatchObject({ name: 'screen', source: 'screen_share' })
    expect(server.published[2]?.track.mediaStreamTrack.contentHint).toBe('detail')
  })

  it('sends no longer what is not wanted, and leaves devices running', async () => {
    const { made, server } = await joined('microphone', 'camera')
    const [sound, face] = server.published.map(({ track }) => track.mediaStreamTrack)
    made.send(new Map([['microphone', sound as MediaStreamTrack]]))
    await settled()
    expect(server.published.map(({ options }) => options.name)).toEqual(['microphone'])
    made.close()
    expect(server.disconnect).toHaveBeenCalledWith(false)
    expect([sound?.stop, face?.stop].some((stop) => vi.mocked(stop as () => void).mock.calls.length > 0)).toBe(false)
  })

  it('is silent before it is published when one is muted', async () => {
    const made = line()
    made.send(new Map([['microphone', device('audio')]]))
    made.mute('microphone', true)
    await made.join()
    await settled()
    const { track } = first(Server.last)
    expect([track.isMuted, track.mediaStreamTrack.enabled]).toEqual([true, false])
    made.mute('microphone', false)
    await settled()
    expect([track.isMuted, track.mediaStreamTrack.enabled]).toEqual([false, true])
  })

  it('makes a new line when LiveKit takes no track', async () => {
    const { made, server } = await joined()
    server.localParticipant.publishTrack = () => Promise.reject(new Error('not allowed'))
    made.send(new Map([['camera', device('video')]]))
    await settled()
    expect(endings).toEqual(['unreachable'])
  })
})

describe('a host', () => {
  it('silences one, and one does not speak before the host gives it back', async () => {
    const { made, server } = await joined('microphone')
    const { track } = first(server)
    await server.moderates('microphone', true)
    expect(heard).toContainEqual({ type: 'muted', source: 'microphone', muted: true })
    made.mute('microphone', true)
    made.mute('microphone', false)
    await settled()
    expect(track.isMuted).toBe(true)
    await server.moderates('microphone', false)
    await settled()
    expect(heard).toContainEqual({ type: 'muted', source: 'microphone', muted: false })
    expect(track.isMuted).toBe(false)
  })

  it('makes nobody speak who is silent by themselves', async () => {
    const { made, server } = await joined('microphone')
    const { track } = first(server)
    await server.moderates('microphone', true)
    made.mute('microphone', true)
    await server.moderates('microphone', false)
    await settled()
    expect(track.isMuted).toBe(true)
  })
})

describe('the others', () => {
  it('are told with what they send, and what is none of ours is left out', async () => {
    const { server } = await joined('microphone')
    server.comes(other('b', 'microphone', 'camera', 'robot'))
    const said = people()
    expect(said.map(({ id }) => id)).toEqual(['me', 'b'])
    expect(said[1]?.sources.map(({ source }) => source)).toEqual(['microphone', 'camera'])
  })

  it('are shown as large as it is wished, wished before or after they come', async () => {
    const { made, server } = await joined()
    made.show('b/camera', 'high')
    const b = other('b', 'microphone', 'camera')
    server.comes(b)
    const face = b.getTrackPublicationByName('camera')
    expect(face?.setVideoQuality).toHaveBeenLastCalledWith(VideoQuality.HIGH)
    made.show('b/camera', 'low')
    expect(face?.setVideoQuality).toHaveBeenLastCalledWith(VideoQuality.LOW)
    made.show('b/camera', 'off')
    made.show('b/microphone', 'off')
    expect(face?.setEnabled).toHaveBeenLastCalledWith(false)
    expect(b.getTrackPublicationByName('microphone')?.setEnabled).not.toHaveBeenCalled()
    expect(changed).toHaveBeenCalled()
    expect(made.stream('b/camera')).not.toBeNull()
    expect(made.stream('b/camera')).toBe(made.stream('b/camera'))
    expect(made.stream('b/screen')).toBeNull()
  })

  it('are heard by what arrives, and pictures alone wait for repairs', async () => {
    const { made, server } = await joined()
    const b = other('b', 'microphone', 'camera')
    server.comes(b)
    await made.loudness()
    expect([...(await made.loudness())]).toEqual([['b/microphone', 0.5]])
    made.wait(150)
    expect(b.getTrackPublicationByName('camera')?.track.receiver.jitterBufferTarget).toBe(150)
    expect(b.getTrackPublicationByName('microphone')?.track.receiver.jitterBufferTarget).toBeNull()
    const late = other('c', 'camera')
    server.comes(late)
    expect(late.getTrackPublicationByName('camera')?.track.receiver.jitterBufferTarget).toBe(150)
  })

  it('are named by LiveKit in what they say', async () => {
    const { made, server } = await joined()
    made.say('hand', { x: 1 })
    expect(server.said).toEqual([{ topic: 'hand', data: { x: 1 } }])
    const words = new TextEncoder().encode('{"x":2}')
    server.tell(RoomEvent.DataReceived, words, other('b'), undefined, 'hand')
    server.tell(RoomEvent.DataReceived, words, undefined, undefined, 'hand')
    expect(heard.filter(({ type }) => type === 'said')).toEqual([{ type: 'said', participant: 'b', topic: 'hand', data: { x: 2 } }])
  })

  it('have the light that LiveKit gives them, and the losses that they tell', async () => {
    const { server } = await joined()
    const b = other('b')
    server.comes(b)
    server.tell(RoomEvent.DataReceived, new TextEncoder().encode('{"loss":0.05,"round_trip_ms":80}'), b, undefined, '.state')
    expect(networks()).toEqual([
      { id: 'me', light: 'fair', loss: 0, round_trip_ms: 0, audio_only: false },
      { id: 'b', light: 'good', loss: 0.05, round_trip_ms: 80, audio_only: false },
    ])
    b.connectionQuality = ConnectionQuality.Unknown
    server.state = ConnectionState.Reconnecting
    server.tell(RoomEvent.Reconnecting)
    expect(networks()?.map(({ id, light }) => [id, light])).toEqual([['me', 'lost']])
  })
})

describe('the end', () => {
  it.each([
    [DisconnectReason.PARTICIPANT_REMOVED, ['kicked']],
    [DisconnectReason.DUPLICATE_IDENTITY, ['elsewhere']],
    [DisconnectReason.ROOM_DELETED, ['closed']],
    [DisconnectReason.ROOM_CLOSED, ['closed']],
    [DisconnectReason.SERVER_SHUTDOWN, ['unreachable']],
    [undefined, ['unreachable']],
    [DisconnectReason.CLIENT_INITIATED, []],
  ])('%s: %s', async (reason, said) => {
    const { server } = await joined()
    server.tell(RoomEvent.Disconnected, reason)
    expect(endings).toEqual(said)
  })

  it('is not told of a line that was closed', async () => {
    const { made, server } = await joined()
    made.close()
    server.tell(RoomEvent.Disconnected, DisconnectReason.SERVER_SHUTDOWN)
    expect(endings).toEqual([])
  })
})
