/** A refusal or failure as the server words it (RFC 9457), or as the client has to word it itself. */

export type Lang = 'zh-CN' | 'en'

interface Wording {
  title: string
  detail: string
}

export interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  code?: string
  zh?: Wording
  en?: Wording
  fields?: Record<string, unknown>
}

/** Client-side causes that have no server wording; the texts live in `locales/<lang>/problem.json`. */
export type LocalCause = 'network' | 'timeout' | 'unreadable' | 'parts'

export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly fields: Record<string, unknown>
  readonly local: LocalCause | null
  private readonly zh: Wording | null
  private readonly en: Wording | null

  constructor(body: ProblemBody, status: number, local: LocalCause | null = null) {
    super(body.detail ?? body.title ?? body.code ?? String(status))
    this.name = 'Problem'
    this.code = body.code ?? (local === null ? `http.${status}` : `client.${local}`)
    this.status = status
    this.fields = body.fields ?? {}
    this.local = local
    const plain = body.title ? { title: body.title, detail: body.detail ?? '' } : null
    this.zh = body.zh ?? plain
    this.en = body.en ?? plain
  }

  static from(cause: LocalCause): Problem {
    return new Problem({}, 0, cause)
  }

  /** The server's words in the reader's language, or null when only the client can word it. */
  wording(lang: Lang): Wording | null {
    return lang === 'en' ? this.en : this.zh
  }

  /** True while nobody knows whether the server recorded it: same key must be sent again. */
  get outcomeUnknown(): boolean {
    return this.status === 0 || this.status >= 500
  }

  get notSignedIn(): boolean {
    return this.status === 401
  }
}

/** Reads a problem out of a response; a body that is not JSON still becomes a coded problem. */
export async function problemFrom(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json()
    if (typeof body === 'object' && body !== null) {
      return new Problem(body as ProblemBody, response.status)
    }
  } catch {
    // A proxy's HTML error page: the status is all we know.
  }
  return new Problem({}, response.status)
}
