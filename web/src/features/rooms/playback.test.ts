import { describe, expect, it } from 'vitest'

import { afterRest, picturesAt, placeIn, rests, timelineOf } from './playback'
import type { RecordingPart } from './types'

const START = Date.parse('2026-11-22T02:00:00Z')

function part(source: RecordingPart['source'], fromS: number, toS: number): RecordingPart {
  return {
    id: `${source}-${fromS}`, admission_id: 'a', person: null, source, began_at: new Date(START + fromS * 1000).toISOString(),
    length_ms: (toS - fromS) * 1000, size_bytes: 1, whole: true, sha256: '',
  }
}

const parts = [part('microphone', 0, 60), part('camera', 1, 60), part('ultrasound', 20, 40), part('camera', 90, 120)]

describe('playback', () => {
  it('runs from the first frame to the last', () => {
    expect(timelineOf(parts)).toEqual({ from: START, to: START + 120_000 })
  })

  it.each([
    [0, 0, 0],
    [0, 60, 60],
    [0, 61, null],
    [1, 0, null],
    [3, 100, 10],
  ])('file %i at second %i is at its own %s', (n, second, place) => {
    expect(placeIn(parts[n] as RecordingPart, START + second * 1000)).toBe(place)
  })

  it('knows where it rested and goes on behind it', () => {
    expect(rests(parts)).toEqual([[START + 60_000, START + 90_000]])
    expect(afterRest(parts, START + 70_000)).toBe(START + 90_000)
    expect(afterRest(parts, START + 30_000)).toBe(START + 30_000)
  })

  it('shows the scan first', () => {
    expect(picturesAt(parts, START + 30_000).map((one) => one.source)).toEqual(['ultrasound', 'camera'])
    expect(picturesAt(parts, START + 70_000)).toEqual([])
  })
})
