import { describe, expect, it } from 'vitest'

import type { CrewEntry, CrewFix, Synced } from '@/api/crew'
import { Problem } from '@/api/problem'

import { CrewOutbox } from './outbox'
import type { CrewStore, Kept } from './store'

/** Keeps everything in memory, numbered as the phone numbers it. */
class Memory implements CrewStore {
  kept: CrewEntry[] = []
  places: CrewFix[] = []
  load = (): Promise<Kept> => Promise.resolve({ deviceId: 'd', view: null, syncedAt: null, mark: null })
  keepView = (): Promise<void> => Promise.resolve()
  keepMark = (): Promise<void> => Promise.resolve()
  keepSynced = (): Promise<void> => Promise.resolve()
  add(_: string, entry: Omit<CrewEntry, 'seq'>): Promise<CrewEntry> {
    const numbered = { ...entry, seq: this.kept.length + 1 }
    this.kept.push(numbered)
    return Promise.resolve(numbered)
  }
  entries = (): Promise<CrewEntry[]> => Promise.resolve(this.kept)
  strayed = (): Promise<number> => Promise.resolve(0)
  forget(_: string, ids: readonly string[]): Promise<void> {
    this.kept = this.kept.filter((entry) => !ids.includes(entry.id))
    return Promise.resolve()
  }
  addFix = (fix: CrewFix): Promise<void> => Promise.resolve(void this.places.push(fix))
  fixes = (limit: number): Promise<CrewFix[]> => Promise.resolve(this.places.slice(0, limit))
  forgetFixes(upTo: string): Promise<void> {
    this.places = this.places.filter((fix) => fix.at > upTo)
    return Promise.resolve()
  }
}

type Body = { entries: CrewEntry[]; positions: CrewFix[] }
type Verdict = Synced['results'][number]['status']

function server(verdict: (entry: CrewEntry) => Verdict) {
  const bodies: Body[] = []
  return {
    bodies,
    get: () => Promise.reject(Problem.from('network')),
    post: <T>(_: string, body: unknown) => {
      const sent = body as Body
      bodies.push({ entries: [...sent.entries], positions: [...sent.positions] })
      const results = sent.entries.map((entry) => ({ id: entry.id, seq: entry.seq, status: verdict(entry), already: false, code: null, fields: null }))
      return Promise.resolve({ results, positions: sent.positions.length, now: { server_time: '2026-11-22T03:00:00Z' } } as T)
    },
  }
}

function outbox(answer: ReturnType<typeof server>): { memory: Memory; box: CrewOutbox } {
  const memory = new Memory()
  let n = 0
  return { memory, box: new CrewOutbox(answer, memory, () => `id-${(n += 1)}`) }
}

const keep = (box: CrewOutbox, kind: string) => box.keep('link', kind, {}, { destinationId: null, happenedAt: null })

describe('handing over', () => {
  it('goes in order, and forgets only what has its final answer', async () => {
    const answer = server((entry) => (entry.kind === 'halt' ? 'refused' : entry.kind === 'resume' ? 'waiting' : 'applied'))
    const { memory, box } = outbox(answer)
    for (const kind of ['report', 'halt', 'resume']) await keep(box, kind)
    const handed = await box.sync('link')
    expect(answer.bodies[0]?.entries.map((entry) => entry.kind)).toEqual(['report', 'halt', 'resume'])
    expect(handed.refused).toEqual(['id-2'])
    expect(memory.kept.map((entry) => entry.kind)).toEqual(['resume'])
  })

  it('keeps everything while nobody answers', async () => {
    const { memory, box } = outbox({ ...server(() => 'applied'), post: () => Promise.reject(Problem.from('network')) })
    await keep(box, 'report')
    await expect(box.sync('link')).rejects.toBeInstanceOf(Problem)
    expect(memory.kept).toHaveLength(1)
  })

  it('takes a long absence in several requests', async () => {
    const answer = server(() => 'applied')
    const { memory, box } = outbox(answer)
    for (let n = 0; n < 130; n += 1) await keep(box, 'report')
    memory.places = [{ at: '2026-11-22T02:00:00Z', latitude: 30, longitude: 110 }]
    await box.sync('link')
    expect(answer.bodies.map((body) => body.entries.length)).toEqual([100, 30])
    expect([memory.kept.length, memory.places.length]).toEqual([0, 0])
  })

  it('lets a second caller join the round under way', async () => {
    const answer = server(() => 'applied')
    const { box } = outbox(answer)
    await keep(box, 'report')
    await Promise.all([box.sync('link'), box.sync('link')])
    expect(answer.bodies).toHaveLength(1)
  })
})
