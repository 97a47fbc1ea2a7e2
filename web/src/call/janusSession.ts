/**
 * Janus over its WebSocket: one session, handles of the VideoRoom plugin, requests with answers.
 * Mirrors consult/media/janus/api.py; see https://janus.conf.meetecho.com/docs/rest.html.
 */
const PROTOCOL = 'janus-protocol'
const PLUGIN = 'janus.plugin.videoroom'
const ANSWER_MS = 5_000
/** A session that says nothing for a minute is ended by Janus. */
const ALIVE_MS = 20_000

export interface Said {
  data: Record<string, unknown>
  jsep: RTCSessionDescriptionInit | null
}

interface Message {
  janus: string
  transaction?: string
  sender?: number
  data?: { id: number }
  error?: { code: number; reason: string }
  plugindata?: { data: Record<string, unknown> }
  jsep?: RTCSessionDescriptionInit
}

/** Janus said no; `code` is the plugin's, or the core's. */
export class JanusRefused extends Error {
  constructor(
    readonly code: number,
    reason: string,
  ) {
    super(`${code} ${reason}`)
  }
}

/** One attachment to the plugin. */
export interface Handle {
  ask(body: Record<string, unknown>, jsep?: RTCSessionDescriptionInit): Promise<Said>
  /** A candidate of ours; null when there are no more. */
  trickle(candidate: RTCIceCandidate | null): void
}

export class JanusSession {
  private id: number | null = null
  private readonly waiting = new Map<string, { done(message: Message): void; failed(error: Error): void }>()
  private readonly listeners = new Map<number, (said: Said) => void>()
  private alive: ReturnType<typeof setInterval> | undefined
  private count = 0

  private constructor(
    private readonly socket: WebSocket,
    private readonly lost: () => void,
  ) {
    socket.onmessage = (event) => this.take(JSON.parse(String(event.data)) as Message)
    socket.onclose = () => this.gone()
  }

  /** Connect and begin; `lost` is called when the socket goes without being closed here. */
  static async open(url: string, lost: () => void): Promise<JanusSession> {
    const socket = new WebSocket(url, [PROTOCOL])
    await new Promise<void>((opened, failed) => {
      const timer = setTimeout(() => socket.close(), ANSWER_MS)
      socket.onopen = () => {
        clearTimeout(timer)
        opened()
      }
      socket.onclose = () => {
        clearTimeout(timer)
        failed(new Error('closed'))
      }
    })
    const session = new JanusSession(socket, lost)
    session.id = (await session.ask({ janus: 'create' })).data?.id ?? null
    session.alive = setInterval(() => session.send({ janus: 'keepalive', transaction: 'alive' }), ALIVE_MS)
    return session
  }

  /** A handle of the VideoRoom plugin; `heard` is called with events that nobody asked for. */
  async attach(heard: (said: Said) => void): Promise<Handle> {
    const handle = (await this.ask({ janus: 'attach', plugin: PLUGIN })).data?.id ?? 0
    this.listeners.set(handle, heard)
    return {
      ask: async (body, jsep) => read(await this.ask({ janus: 'message', handle_id: handle, body, ...(jsep && { jsep }) })),
      trickle: (candidate) =>
        this.send({ janus: 'trickle', transaction: this.next(), handle_id: handle, candidate: candidate ?? { completed: true } }),
    }
  }

  close(): void {
    clearInterval(this.alive)
    this.socket.onclose = null
    this.send({ janus: 'destroy', transaction: this.next() })
    this.socket.close()
    for (const { failed } of this.waiting.values()) failed(new Error('closed'))
  }

  private ask(message: Record<string, unknown>): Promise<Message> {
    const transaction = this.next()
    let timer: ReturnType<typeof setTimeout>
    return new Promise<Message>((done, failed) => {
      timer = setTimeout(() => failed(new Error('no answer')), ANSWER_MS)
      this.waiting.set(transaction, { done, failed })
      this.send({ ...message, transaction })
    }).finally(() => {
      clearTimeout(timer)
      this.waiting.delete(transaction)
    })
  }

  private send(message: Record<string, unknown>): void {
    if (this.socket.readyState !== WebSocket.OPEN) return
    this.socket.send(JSON.stringify({ ...message, ...(this.id !== null && { session_id: this.id }) }))
  }

  private take(message: Message): void {
    // The answer of what is only acknowledged is an event, later.
    if (message.janus === 'ack') return
    const waiting = this.waiting.get(message.transaction ?? '')
    if (waiting) {
      if (message.error) waiting.failed(new JanusRefused(message.error.code, message.error.reason))
      else waiting.done(message)
    } else if (message.janus === 'event') {
      this.listeners.get(message.sender ?? 0)?.(plain(message))
    }
  }

  private gone(): void {
    clearInterval(this.alive)
    for (const { failed } of this.waiting.values()) failed(new Error('closed'))
    this.lost()
  }

  private next(): string {
    this.count += 1
    return String(this.count)
  }
}

function plain(message: Message): Said {
  return { data: message.plugindata?.data ?? {}, jsep: message.jsep ?? null }
}

function read(message: Message): Said {
  const said = plain(message)
  const code = said.data['error_code']
  if (typeof code === 'number') throw new JanusRefused(code, String(said.data['error'] ?? ''))
  return said
}
