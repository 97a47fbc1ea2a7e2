/** Hands over what the phone has kept: in order, as often as needed, until every answer is final. */
import type { ApiClient } from '@/api/client'
import type { CrewEntry, CrewNow, CrewView, Opened, Synced } from '@/api/crew'
import { ServerClock } from '@/stream/clock'

import type { CrewStore } from './store'

/** One request carries at most so many; the rest follows in the next. */
export const BATCH = 100
const FIXES = 200

export interface Handed {
  now: CrewNow
  refused: string[]
}

export class CrewOutbox {
  deviceId = ''
  readonly clock = new ServerClock(() => Date.now())
  private running: Promise<Handed> | null = null

  constructor(
    private readonly api: Pick<ApiClient, 'get' | 'post'>,
    private readonly store: CrewStore,
    private readonly newId: () => string,
  ) {}

  /** Exchanges the token that stood in the address. */
  async open(token: string): Promise<Opened> {
    return this.api.post<Opened>('/api/links/open', { token })
  }

  async fetchView(): Promise<CrewView> {
    const t1 = Date.now()
    const view = await this.api.get<CrewView>('/api/crew')
    this.note(t1, view.now.server_time)
    await this.store.keepView(view)
    return view
  }

  /** Keeps an entry; it is safe from here on, whether or not there is a network. */
  async keep(
    linkId: string,
    kind: string,
    data: Record<string, unknown>,
    more: { destinationId: string | null; happenedAt: number | null },
  ): Promise<CrewEntry> {
    return this.store.add(linkId, {
      id: this.newId(),
      at: new Date().toISOString(),
      kind,
      data,
      happened_at: more.happenedAt === null ? null : new Date(more.happenedAt).toISOString(),
      destination_id: more.destinationId,
    })
  }

  /** One round; a second caller joins the round that is under way. */
  sync(linkId: string): Promise<Handed> {
    this.running ??= this.round(linkId).finally(() => {
      this.running = null
    })
    return this.running
  }

  private async round(linkId: string): Promise<Handed> {
    const refused: string[] = []
    for (;;) {
      const entries = (await this.store.entries(linkId)).slice(0, BATCH)
      const positions = await this.store.fixes(FIXES)
      const t1 = Date.now()
      const answer = await this.api.post<Synced>('/api/crew/sync', {
        device_id: this.deviceId,
        now: new Date(t1).toISOString(),
        offset_ms: this.clock.synchronised ? Math.round(this.clock.offsetMs) : null,
        rtt_ms: this.clock.synchronised ? Math.round(this.clock.roundTripMs) : null,
        entries,
        positions,
      })
      this.note(t1, answer.now.server_time)
      const final = answer.results.filter((result) => result.status !== 'waiting')
      refused.push(...final.filter((result) => result.status === 'refused').map((result) => result.id))
      await this.store.forget(linkId, final.map((result) => result.id))
      const last = positions.at(-1)
      if (last !== undefined) await this.store.forgetFixes(last.at)
      const more = entries.length === BATCH || positions.length === FIXES
      if (!more || (final.length === 0 && last === undefined)) return { now: answer.now, refused }
    }
  }

  private note(t1: number, serverTime: string): void {
    const server = Date.parse(serverTime)
    this.clock.add({ t1, t2: server, t3: server, t4: Date.now() })
  }
}
