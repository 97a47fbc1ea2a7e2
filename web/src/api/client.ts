/**
 * The one way to the server over HTTP.
 *
 * A clinical write is never reported as done before the server said so: `Submission` keeps one
 * idempotency key until the outcome is known, so that pressing again after a cut cannot send twice.
 */
import { Problem, problemFrom } from './problem'

export type Query = Record<string, string | number | boolean | null | undefined>

export interface ClientOptions {
  fetch?: typeof fetch
  /** Called once per 401; the caller keeps drafts and shows the login. */
  onUnauthorised?: () => void
  newKey?: () => string
  sleep?: (ms: number) => Promise<void>
  timeoutMs?: number
}

/** Waits between automatic attempts while the outcome is unknown, in milliseconds. */
const RETRY_WAITS_MS = [400, 1600]
const AGAIN_MS = 300
/** A photograph over a township's line. */
const UPLOAD_TIMEOUT_MS = 180_000

export class ApiClient {
  onUnauthorised: () => void
  private readonly send: typeof fetch
  private readonly newKey: () => string
  private readonly sleep: (ms: number) => Promise<void>
  private readonly timeoutMs: number

  constructor(options: ClientOptions = {}) {
    this.send = options.fetch ?? ((input, init) => fetch(input, init))
    this.onUnauthorised = options.onUnauthorised ?? (() => undefined)
    this.newKey = options.newKey ?? newKey
    this.sleep = options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)))
    this.timeoutMs = options.timeoutMs ?? 15_000
  }

  /** Asked once more where no answer came: a line that has just changed ends every request on it. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    const whole = path + queryString(query)
    try {
      return await this.request<T>('GET', whole)
    } catch (error) {
      if (!(error instanceof Problem) || error.local !== 'network') throw error
      await this.sleep(AGAIN_MS)
      return this.request<T>('GET', whole)
    }
  }

  /** A write outside the clinical record (login, sound receipt): sent once, no key. */
  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.request<T>('POST', path, body)
  }

  /** Puts a state that the body names whole: sending it twice is sending it once. */
  put<T>(path: string, body: unknown): Promise<T> {
    return this.request<T>('PUT', path, body)
  }

  delete<T>(path: string): Promise<T> {
    return this.request<T>('DELETE', path)
  }

  /** A clinical write: keep the object until it is settled, send as often as needed. */
  submission<T>(path: string, key?: string, method: 'POST' | 'PATCH' = 'POST'): Submission<T> {
    return new Submission<T>(
      (body, sentKey) => this.request<T>(method, path, body, sentKey),
      this.newKey,
      this.sleep,
      key,
    )
  }

  /** A file as the body, under one key until the outcome is known; slow lines get their time. */
  upload<T>(path: string, file: Blob): Submission<T> {
    return new Submission<T>((_, sentKey) => this.request<T>('POST', path, file, sentKey, UPLOAD_TIMEOUT_MS), this.newKey, this.sleep)
  }

  /** The bytes of a file, to be shown or saved by the page. */
  async download(path: string): Promise<Blob> {
    const response = await this.answer('GET', path, undefined, undefined, UPLOAD_TIMEOUT_MS)
    return response.blob()
  }

  private async request<T>(method: string, path: string, body?: unknown, key?: string, timeoutMs?: number): Promise<T> {
    const response = await this.answer(method, path, body, key, timeoutMs)
    if (response.status === 204) return undefined as T
    try {
      return (await response.json()) as T
    } catch {
      throw Problem.from('unreadable')
    }
  }

  private async answer(method: string, path: string, body?: unknown, key?: string, timeoutMs?: number): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    const file = body instanceof Blob
    if (body !== undefined) headers['Content-Type'] = file ? body.type || 'application/octet-stream' : 'application/json'
    if (key !== undefined) headers['Idempotency-Key'] = key
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), timeoutMs ?? this.timeoutMs)
    let response: Response
    try {
      response = await this.send(path, {
        method,
        headers,
        body: body === undefined ? undefined : file ? body : JSON.stringify(body),
        credentials: 'same-origin',
        signal: abort.signal,
      })
    } catch {
      throw Problem.from(abort.signal.aborted ? 'timeout' : 'network')
    } finally {
      clearTimeout(timer)
    }
    if (!response.ok) {
      const problem = await problemFrom(response)
      if (problem.notSignedIn) this.onUnauthorised()
      throw problem
    }
    return response
  }
}

/**
 * One intended write with one idempotency key.
 *
 * The key stays while the outcome is unknown (no answer, 5xx), even if the body was edited since:
 * if the first attempt did arrive, the server says so instead of recording a second case. A 4xx is
 * a known outcome (nothing written), so the next attempt gets a new key.
 */
export class Submission<T> {
  key: string
  constructor(
    private readonly attempt: (body: unknown, key: string) => Promise<T>,
    private readonly makeKey: () => string,
    private readonly sleep: (ms: number) => Promise<void>,
    key?: string,
  ) {
    this.key = key ?? makeKey()
  }

  async send(body: unknown): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await this.attempt(body, this.key)
        this.key = this.makeKey()
        return answer
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        // 401 was refused before anything ran: the key stays good for after the login.
        if (!error.outcomeUnknown && !error.notSignedIn) this.key = this.makeKey()
        const wait = RETRY_WAITS_MS[tries]
        if (!error.outcomeUnknown || wait === undefined) throw error
        await this.sleep(wait)
      }
    }
  }
}

/** A random UUID; `crypto.randomUUID` is missing before Chrome 92 and on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function queryString(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined)
  if (pairs.length === 0) return ''
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&')}`
}

export const api = new ApiClient()
