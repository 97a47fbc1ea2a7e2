import { describe, expect, it } from 'vitest'

import { StripFeed } from './feed'

const SAMPLES = {
  flags: 0,
  fhr1: new Uint16Array(4).fill(560),
  fhr2: new Uint16Array(4),
  fhr3: new Uint16Array(4),
  mhr: new Uint16Array(4),
  toco: new Uint8Array(4),
  marks: new Uint16Array(4),
}

function setting(runOnSeconds?: number) {
  const at = { ms: 1_000_000 }
  const missed: [number, number][] = []
  let changes = 0
  const clock = { local: () => at.ms, now: () => at.ms }
  const feed = new StripFeed({
    clock,
    seconds: 256,
    runOnSeconds,
    onChange: () => (changes += 1),
    onMissed: (from, to) => missed.push([from, to]),
  })
  function frames(...seqs: number[]): void {
    for (const seq of seqs) feed.onFrame({ ...SAMPLES, seq, deviceMs: at.ms - 1000 })
  }
  feed.onLink(true)
  return { feed, at, frames, missed, changes: () => changes }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

describe('StripFeed', () => {
  it('is alive by what comes after history, not by history', () => {
    const { feed, at, frames } = setting()
    feed.onEvent({ type: 'subscribed', last_seq: 60, heard_ns: (at.ms - 90_000) * 1e6, connected: false })
    frames(...upTo(60))
    expect(feed.status().state).toBe('offline')
    expect(feed.edgeAgeSeconds()).toBe(90)
    feed.onEvent({ type: 'state', connected: true, lag_ms: 300 })
    frames(61)
    expect(feed.status()).toMatchObject({ state: 'running', ageMs: 0, lagMs: 300 })
  })

  it('fills a gap from backfill without looking newer than it is', () => {
    const { feed, at, frames } = setting()
    frames(1, 2, 9)
    at.ms += 3_000
    frames(4, 3, 5, 6, 7, 8)
    expect(feed.status()).toMatchObject({ gapSeconds: 0, ageMs: 3_000 })
  })

  it('runs the paper on only so far, and not at all after the end', () => {
    const { feed, at, frames } = setting(600)
    frames(1)
    at.ms += 3_600_000
    expect(feed.edgeAgeSeconds()).toBe(600)
    feed.onEvent({ type: 'state', connected: false, closed: true })
    expect([feed.edgeAgeSeconds(), feed.status().state]).toEqual([0, 'stopped'])
  })

  it('is ended by the end alone: a cut is none, and a line that is up again goes on', () => {
    const { feed, frames } = setting()
    frames(1, 2)
    feed.onEvent({ type: 'state', connected: true })
    feed.ended() // a list that is a moment old does not end what comes in
    expect(feed.status().state).toBe('running')
    feed.onEvent({ type: 'state', connected: false, closed: false })
    expect(feed.status().state).toBe('offline')
    feed.onEvent({ type: 'state', connected: false, closed: true })
    feed.onEvent({ type: 'state', connected: false })
    expect(feed.status().state).toBe('stopped')
    feed.onEvent({ type: 'state', connected: true })
    expect(feed.status().state).toBe('running')
    feed.onEvent({ type: 'state', connected: false })
    feed.ended()
    expect(feed.status().state).toBe('stopped')
  })

  it('hands on what the live path left out', () => {
    const { feed, missed } = setting()
    feed.onEvent({ type: 'resync', from: 5, to: 8 })
    expect(missed).toEqual([[5, 8]])
  })

  it('shows what is stored instead of what came before, and looks no newer for it', () => {
    const { feed, at, frames } = setting()
    frames(1, 2, 3)
    at.ms += 3_000
    feed.onStored({ ...SAMPLES, fhr1: new Uint16Array(4).fill(480), seq: 2, deviceMs: 0 })
    expect([...feed.ring.fhr1.slice(4, 16)]).toEqual([560, 560, 560, 560, 480, 480, 480, 480, 560, 560, 560, 560])
    expect([feed.ring.storedSeconds, feed.status().ageMs]).toEqual([3, 3_000])
    feed.onFrame({ ...SAMPLES, fhr1: new Uint16Array(4).fill(600), seq: 2, deviceMs: 0 })
    expect(feed.ring.fhr1[8]).toBe(480)
  })

  it('asks after a cut for the oldest hole, not for everything', () => {
    const { feed, at, frames } = setting()
    expect(feed.secondsToAsk(900)).toBe(900)
    frames(...upTo(100))
    at.ms += 10_000
    expect(feed.secondsToAsk(900)).toBe(40)
    frames(131)
    expect(feed.secondsToAsk(900)).toBe(131 - 101 + 1 + 30)
    expect(feed.secondsToAsk(50)).toBe(50)
  })

  it('forgets the former recording', () => {
    const { feed, frames } = setting()
    frames(1, 2)
    feed.onEvent({ type: 'refused', code: 'ctg.not_found' })
    expect(feed.refused).toBe('ctg.not_found')
    feed.reset()
    expect([feed.refused, feed.ring.lastSeq, feed.status().state]).toEqual([null, 0, 'unlinked'])
  })

  it('tells its owner when more than samples changed', () => {
    const { feed, changes } = setting()
    const before = changes()
    feed.onEvent({ type: 'state', connected: true })
    feed.onEvent({ type: 'state', connected: false, closed: true })
    feed.onEvent({ type: 'analysis' })
    expect(changes() - before).toBe(1)
  })
})
