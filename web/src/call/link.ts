/** One session with a media worker, over however many sockets: joins, resumes, ends with a word. */
import { Channel, type Frame } from './channel'
import type { ByeCode, Ending, FromWorker, ToWorker, Welcome } from './messages'

const PROTOCOL = 'yunshang.media.v1'
const OPEN_MS = 3000
/** A socket that broke is opened anew so often before everything is built anew. */
const RESUMES = 2
const RESUME_WAIT_MS = 400

type First = Welcome | { type: 'bye'; code: ByeCode }

export class Link {
  private readonly channel = new Channel()
  private socket: WebSocket | null = null
  private welcome: Welcome | null = null
  private ended = false

  constructor(
    private readonly url: string,
    private readonly heard: (message: FromWorker) => void,
    private readonly over: (ending: Ending) => void,
  ) {}

  /** Join with a ticket's token; why not, or null. */
  async join(token: string): Promise<Ending | null> {
    try {
      return await this.open({ type: 'join', token })
    } catch {
      return 'unreachable'
    }
  }

  say(body: ToWorker): void {
    const frame = this.channel.send(body)
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame)
  }

  close(): void {
    this.ended = true
    this.socket?.close()
  }

  private async open(first: Record<string, unknown>): Promise<Ending | null> {
    const socket = new WebSocket(this.url, [PROTOCOL])
    const answer = await firstWord(socket, first)
    if (answer.type === 'bye') {
      socket.close()
      return answer.code
    }
    this.welcome = answer
    this.socket = socket
    socket.onmessage = (event) => this.take(JSON.parse(String(event.data)) as Frame)
    socket.onclose = () => void this.lost(socket)
    for (const frame of this.channel.resume(answer.ack)) socket.send(frame)
    return null
  }

  private take(frame: Frame): void {
    const body = this.channel.receive(frame)
    const acknowledged = this.channel.acknowledge()
    if (acknowledged !== null) this.socket?.send(acknowledged)
    if (body === null) return
    if (body.type === 'bye') this.end(body.code)
    else this.heard(body)
  }

  private async lost(socket: WebSocket): Promise<void> {
    if (socket !== this.socket) return
    for (let n = 0; n < RESUMES && !this.ended; n += 1) {
      const { session, secret } = this.welcome ?? { session: '', secret: '' }
      try {
        const ending = await this.open({ type: 'resume', session, secret, ack: this.channel.seen })
        if (ending !== null) this.end(ending)
        return
      } catch {
        await new Promise((again) => setTimeout(again, RESUME_WAIT_MS))
      }
    }
    this.end('unreachable')
  }

  private end(ending: Ending): void {
    if (this.ended) return
    this.ended = true
    this.socket?.close()
    this.over(ending)
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
