import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Buzz } from './buzz'

describe('vibration', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('repeats while something calls, and stops when nothing does', () => {
    const felt: number[][] = []
    const buzz = new Buzz((pattern) => felt.push(pattern))
    buzz.follow('high')
    buzz.follow('high')
    expect(felt).toHaveLength(1)
    vi.advanceTimersByTime(10_000)
    expect(felt).toHaveLength(3)
    buzz.follow(null)
    expect(felt.at(-1)).toEqual([])
    vi.advanceTimersByTime(60_000)
    expect(felt).toHaveLength(4)
  })

  it('feels different by priority', () => {
    const felt: number[][] = []
    const buzz = new Buzz((pattern) => felt.push(pattern))
    buzz.follow('low')
    buzz.follow('high')
    expect(felt[0]).not.toEqual(felt[1])
  })
})
