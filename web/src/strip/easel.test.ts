import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { type Drawn, Easel } from './easel'

let frames: FrameRequestCallback[] = []
let clock = 0

beforeEach(() => {
  frames = []
  clock = 0
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback))
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []))
})

afterEach(() => {
  for (const take of hung.splice(0)) take()
})

const hung: (() => void)[] = []

function hang(easel: Easel, ...strips: Drawn[]): void {
  for (const one of strips) hung.push(easel.hang(one))
}

function frame(ms = 16): void {
  clock += ms
  const due = frames
  frames = []
  for (const callback of due) callback(clock)
}

/** A strip that always has something to draw and takes `cost` for it. */
function strip(cost: number) {
  const seen = { drawn: 0, seconds: 0 }
  return {
    seen,
    draw: () => {
      seen.drawn += 1
      clock += cost
      return true
    },
    second: () => void (seen.seconds += 1),
  }
}

describe('Easel', () => {
  it('uses one animation frame for all, and none when nothing hangs', () => {
    const easel = new Easel(() => clock)
    const down = [strip(0), strip(0), strip(0)].map((one) => easel.hang(one))
    expect(frames).toHaveLength(1)
    frame()
    expect(frames).toHaveLength(1)
    for (const take of down) take()
    expect([frames.length, easel.size]).toEqual([0, 0])
  })

  it('spreads a storm, and every strip has its turn within a second', () => {
    const easel = new Easel(() => clock)
    const all = Array.from({ length: 64 }, () => strip(0.1))
    hang(easel, ...all)
    frame()
    expect(all.filter((one) => one.seen.drawn > 0)).toHaveLength(8)
    for (let turn = 0; turn < 60; turn += 1) frame()
    expect(all.every((one) => one.seen.drawn > 0)).toBe(true)
  })

  it('stops where drawing is slow, and goes on from there', () => {
    const easel = new Easel(() => clock)
    const all = Array.from({ length: 8 }, () => strip(5))
    hang(easel, ...all)
    frame()
    expect(all.filter((one) => one.seen.drawn > 0)).toHaveLength(2)
    for (let turn = 0; turn < 3; turn += 1) frame(100)
    expect(all.every((one) => one.seen.drawn === 1)).toBe(true)
  })

  it('draws ten times a second at most', () => {
    const easel = new Easel(() => clock)
    const one = strip(0)
    hang(easel, one)
    for (let turn = 0; turn < 100; turn += 1) frame(10)
    expect(one.seen.drawn).toBeLessThanOrEqual(10)
    expect(one.seen.drawn).toBeGreaterThanOrEqual(9)
  })

  it('tells each strip the second once a second, at a moment of its own', () => {
    const easel = new Easel(() => clock)
    const all = Array.from({ length: 8 }, () => strip(0))
    hang(easel, ...all)
    frame()
    expect(all.filter((one) => one.seen.seconds > 0)).toHaveLength(0)
    for (let turn = 0; turn < 625; turn += 1) frame()
    for (const one of all) expect(one.seen.seconds).toBeGreaterThanOrEqual(9)
    for (const one of all) expect(one.seen.seconds).toBeLessThanOrEqual(11)
  })

  it('does not make up for the seconds of a hidden tab', () => {
    const easel = new Easel(() => clock)
    const one = strip(0)
    hang(easel, one)
    frame(3_600_000)
    frame()
    frame()
    expect(one.seen.seconds).toBe(1)
  })
})
