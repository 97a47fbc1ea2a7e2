/** The words of a call. Those of workers mirror consult/media/forward/messages.py. */
export type Source = 'microphone' | 'camera' | 'screen' | 'ultrasound'
export type Layer = 'off' | 'low' | 'high'
export type Light = 'good' | 'fair' | 'poor' | 'lost'
export type ByeCode = 'refused' | 'ejected' | 'closed' | 'full' | 'moved' | 'gone' | 'elsewhere' | 'broken'

/** Why a line is over: what the engine said, that it cannot be reached, or that somebody put an end to it. */
export type Ending = ByeCode | 'unreachable' | 'kicked'

export interface Ticket {
  engine: 'forward' | 'janus' | 'livekit'
  participant_id: string
  url: string
  token: string
  ice_servers: { urls: string[]; username: string; credential: string }[]
}

export interface Sending {
  source: Source
  muted: boolean
}

export interface Person {
  id: string
  role: string
  here: boolean
  sources: Sending[]
}

export interface Network {
  id: string
  light: Light
  loss: number
  round_trip_ms: number
  audio_only: boolean
}

export interface Track {
  mid: string
  participant: string
  source: Source
}

export interface Picture {
  participant: string
  source: Source
  layer: Layer
}

/** Whether the room is recorded at this moment, as the worker that writes says. */
export interface RecordingNow {
  /** Null when nobody asked for it. */
  id: string | null
  running: boolean
  /** It cannot be written. */
  failed: boolean
  /** Those in the room who have not agreed: while there is one, nothing is written. */
  waits_for: string[]
}

export type FromWorker =
  | { type: 'answer'; n: number; sdp: string }
  | { type: 'offer'; n: number; sdp: string; tracks: Track[] }
  | { type: 'people'; people: Person[] }
  | { type: 'quality'; people: Network[] }
  | { type: 'pictures'; taken: Picture[] }
  | { type: 'muted'; source: Source; muted: boolean }
  | ({ type: 'recording' } & RecordingNow)
  | { type: 'said'; participant: string; topic: string; data: unknown }
  | { type: 'bye'; code: ByeCode }

/** What a call is told, whichever engine carries it; descriptions stay with the line. */
export type FromLine = Exclude<FromWorker, { type: 'answer' | 'offer' | 'bye' }>

export type ToWorker =
  | { type: 'publish'; n: number; sdp: string; sources: Record<string, Source> }
  | { type: 'candidate'; of: 'publish' | 'subscribe'; candidate: string; mid: string }
  | { type: 'answer'; n: number; sdp: string }
  | { type: 'show'; participant: string; source: Source; layer: Layer }
  | { type: 'mute'; source: Source; muted: boolean }
  | { type: 'say'; topic: string; data: unknown }
  | { type: 'leave' }

export interface Welcome {
  type: 'welcome'
  session: string
  secret: string
  participant: string
  publish: Source[]
  ack: number
}
