/** The page of the measurement: the project's own call client, and what the browser counts. */
import { CallClient } from '../../../web/src/call/client'
import type { Layer, Source, Ticket } from '../../../web/src/call/messages'
import { ticketFrom } from '../../../web/src/call/tickets'

declare global {
  interface Window {
    /** Where the way to the server does not lead over the line. */
    ticket?: () => Promise<Ticket | null>
  }
}

const connections: RTCPeerConnection[] = []
/** Whether nothing but a relay may carry packets, as where UDP is blocked. */
let relayed = false
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(relayed ? { ...configuration, iceTransportPolicy: 'relay' } : configuration)
    connections.push(this)
  }
}

/** Nobody speaks and nothing is played, so there is no echo to look for. */
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
const CAMERA = { audio: SOUND, video: { width: 640, height: 480, frameRate: 15 } }

/** Where it does, tickets are asked for here. */
let tickets = ''
let media: MediaStream
let call: CallClient | null = null
let pressed = 0
let shown = new Map<MediaStream, HTMLVideoElement>()
let first: number | null = null
let layers: Layer = 'high'
/** Whom the page shows large, whatever the others are. */
let large = ''

async function ready(onlyRelayed: boolean, ticketsAt: string): Promise<void> {
  relayed = onlyRelayed
  tickets = ticketsAt
  media = await navigator.mediaDevices.getUserMedia(CAMERA)
}

async function ticket(): Promise<Ticket> {
  if (!window.ticket) return ticketFrom(tickets)
  const given = await window.ticket()
  if (given === null) throw new Error('no way to the server')
  return given
}

function join(): void {
  const tracks = new Map<Source, MediaStreamTrack>()
  for (const track of media.getTracks()) tracks.set(track.kind === 'audio' ? 'microphone' : 'camera', track)
  first = null
  pressed = performance.now()
  call = new CallClient(ticket, follow)
  call.start(tracks)
}

/** Every stream has an element, as in the room's page. */
function follow(): void {
  if (!call) return
  const now = new Set<MediaStream>()
  for (const { id, sources } of call.people) {
    for (const { source } of sources) {
      if (id === call.me) continue
      const stream = call.stream(id, source)
      if (stream) now.add(stream)
      if (source !== 'microphone') call.show(id, source, id === large ? 'high' : layers)
    }
  }
  for (const stream of now) if (!shown.has(stream)) shown.set(stream, element(stream))
  for (const [stream, video] of shown) {
    if (now.has(stream)) continue
    video.remove()
    shown.delete(stream)
  }
}

function element(stream: MediaStream): HTMLVideoElement {
  const video = document.createElement('video')
  video.autoplay = true
  video.muted = stream.getVideoTracks().length > 0
  video.width = 160
  video.srcObject = stream
  document.body.append(video)
  if (video.muted) video.requestVideoFrameCallback(() => (first ??= performance.now() - pressed))
  return video
}

/** What is not drawn is decoded all the same. A browser draws with its graphics card; here the worker's cores do it. */
function hide(): void {
  for (const video of shown.values()) video.hidden = true
}

function wish(wished: Layer, enlarged: string): void {
  layers = wished
  large = enlarged
  follow()
}

function leave(): void {
  call?.leave()
  call = null
  for (const video of shown.values()) video.remove()
  shown = new Map()
  connections.length = 0
}

interface Inbound {
  type: string
  kind: string
  trackIdentifier: string
  framesDecoded?: number
  frameWidth?: number
  freezeCount?: number
  totalFreezesDuration?: number
  concealedSamples?: number
  totalSamplesReceived?: number
  packetsReceived?: number
}

/** Of all incoming streams that are open, by their track. */
async function counts(): Promise<Record<string, unknown>> {
  const videos: Record<string, unknown> = {}
  const sounds: Record<string, unknown> = {}
  for (const connection of connections) {
    if (connection.connectionState === 'closed') continue
    for (const one of (await connection.getStats()).values() as Iterable<Inbound>) {
      if (one.type !== 'inbound-rtp') continue
      if (one.kind === 'video') {
        videos[one.trackIdentifier] = {
          frames: one.framesDecoded ?? 0,
          width: one.frameWidth ?? 0,
          freezes: one.freezeCount ?? 0,
          frozen_s: one.totalFreezesDuration ?? 0,
        }
      } else {
        sounds[one.trackIdentifier] = {
          concealed: one.concealedSamples ?? 0,
          samples: one.totalSamplesReceived ?? 0,
          packets: one.packetsReceived ?? 0,
        }
      }
    }
  }
  const off = call?.taken.filter(({ layer }) => layer === 'off').length ?? 0
  return { at: performance.now() / 1000, state: call?.state ?? 'idle', off, videos, sounds }
}

interface Way {
  type: string
  state?: string
  nominated?: boolean
  localCandidateId?: string
  candidateType?: string
  relayProtocol?: string
}

/** How packets go on each connection that is open: "relay/tcp", "host/". */
async function ways(): Promise<string[]> {
  const found: string[] = []
  for (const connection of connections) {
    if (connection.connectionState !== 'connected') continue
    const stats = new Map((await connection.getStats()) as unknown as Map<string, Way>)
    for (const pair of stats.values()) {
      if (pair.type !== 'candidate-pair' || pair.state !== 'succeeded' || !pair.nominated) continue
      const local = stats.get(pair.localCandidateId ?? '')
      found.push(`${local?.candidateType ?? ''}/${local?.relayProtocol ?? ''}`)
    }
  }
  return found
}

Object.assign(globalThis, { bench: { ready, join, leave, hide, wish, counts, ways, first: () => first } })
