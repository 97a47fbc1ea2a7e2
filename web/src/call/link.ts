/** One session with a media worker, over however many sockets: joins, resumes, ends with a word. */
import { Channel, type Frame } from './channel'
import type { ByeCode, Ending, FromWorker, ToWorker, Welcome } from './messages'

const PROTOCOL = 'yunshang.media.v1'
const OPEN_MS = 3000
/** A socket that broke is opened anew so often before everything is built anew. */
const RESUMES = 2
const RESUME_WAIT_MS = 400
/** A worker keeps a session so long for its next socket (consult/media/forward/sessions.py). */
const GRACE_MS = 30_000
/** A good-bye that was not acknowledged by then went into a socket that is dead. */
const ANSWER_MS = 2000

type First = Welcome | { type: 'bye'; code: ByeCode }

export class Link {
  private readonly channel = new Channel()
  private socket: WebSocket | null = null
  /** A socket on which the worker has not answered yet. */
  private opening: WebSocket | null = null
  /** Null where the worker knows no session of ours: before the first, and after its last word. */
  private welcome: Welcome | null = null
  private resuming = false
  private ended = false
  private leaving = false

  constructor(
    private readonly url: string,
    private readonly heard: (message: FromWorker) => void,
    private readonly over: (ending: Ending) => void,
  ) {}

  /** Join with a ticket's token; why not, or null. */
  async join(token: string): Promise<Ending | null> {
    try {
      return (await this.open({ type: 'join', token })) ?? (this.leaving ? 'closed' : null)
    } catch {
      return 'unreachable'
    }
  }

  say(body: ToWorker): void {
    const frame = this.channel.send(body)
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame)
  }

  /**
   * Say good-bye and tell nothing more. Until the worker has heard it, over further sockets if need be, this goes on
   * by itself: else whoever left while the line was away would count as cut off.
   */
  leave(): void {
    if (this.leaving || (this.welcome === null && this.opening === null)) return
    this.leaving = true
    this.ended = false
    this.say({ type: 'leave' })
    setTimeout(() => this.stop(), GRACE_MS)
    if (this.socket !== null) setTimeout(() => this.renew(), ANSWER_MS)
    else if (this.opening === null) void this.resume()
  }

  /** End at once, unless a good-bye is still to be heard. */
  close(): void {
    if (!this.leaving) this.stop()
  }

  private stop(): void {
    this.ended = true
    this.opening?.close()
    this.socket?.close()
    this.socket = null
  }

  private async open(first: Record<string, unknown>): Promise<Ending | null> {
    const socket = new WebSocket(this.url, [PROTOCOL])
    this.opening = socket
    let answer: First
    try {
      answer = await firstWord(socket, first)
    } finally {
      this.opening = null
    }
    if (answer.type === 'bye') {
      socket.close()
      return answer.code
    }
    this.welcome = answer
    this.socket = socket
    socket.onmessage = (event) => this.take(JSON.parse(String(event.data)) as Frame)
    socket.onclose = () => this.lost(socket)
    for (const frame of this.channel.resume(answer.ack)) socket.send(frame)
    if (this.leaving && this.channel.acknowledged) this.stop()
    return null
  }

  private take(frame: Frame): void {
    const body = this.channel.receive(frame)
    const acknowledged = this.channel.acknowledge()
    if (acknowledged !== null) this.socket?.send(acknowledged)
    if (body?.type === 'bye') this.end(body.code)
    else if (this.leaving) {
      if (this.channel.acknowledged) this.stop()
    } else if (body !== null) this.heard(body)
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket) return
    this.socket = null
    void this.resume()
  }

  /** Give a socket up that does not answer. */
  private renew(): void {
    const { socket } = this
    if (socket === null) return
    this.lost(socket)
    socket.close()
  }

  private async resume(): Promise<void> {
    if (this.resuming) return
    this.resuming = true
    for (let n = 0; !this.ended && this.welcome !== null && (this.leaving || n < RESUMES); n += 1) {
      const { session, secret } = this.welcome
      try {
        const ending = await this.open({ type: 'resume', session, secret, ack: this.channel.seen })
        if (ending !== null) this.end(ending)
        break
      } catch {
        await new Promise((again) => setTimeout(again, RESUME_WAIT_MS))
      }
    }
    this.resuming = false
    if (this.socket === null) this.end('unreachable')
  }

  private end(ending: Ending): void {
    if (this.ended) return
    if (ending !== 'unreachable') this.welcome = null
    this.stop()
    if (!this.leaving) this.over(ending)
  }
}

function firstWord(socket: WebSocket, first: Record<string, unknown>): Promise<First> {
  return new Promise((answered, failed) => {
    const timer = setTimeout(() => socket.close(), OPEN_MS)
    socket.onopen = () => socket.send(JSON.stringify(first))
    socket.onclose = () => {
      clearTimeout(timer)
      failed(new Error('closed'))
    }
    socket.onmessage = (event) => {
      clearTimeout(timer)
      socket.onclose = null
      answered(JSON.parse(String(event.data)) as First)
    }
  })
}
