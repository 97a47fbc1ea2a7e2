import { describe, expect, it } from 'vitest'

import { type Feed, feedsOf, keysOf, substreamOf, without } from './janusFeeds'
import { lightOf, outgoing } from './ownLine'

/** As Janus 1.1 says it to those who are in the room. */
const publisher = (id: string, camera: Record<string, unknown> = {}) => ({
  id,
  streams: [
    { type: 'audio', mid: '0', description: 'microphone' },
    { type: 'video', mid: '1', description: 'camera', ...camera },
    { type: 'data', mid: '2' },
  ],
})
const two: Feed[] = feedsOf([], { publishers: [publisher('a'), publisher('b')] })

describe('those who publish', () => {
  it('send their sources, and words on a section without one', () => {
    expect(two[0]).toEqual({
      id: 'a',
      mids: ['0', '1', '2'],
      sources: [
        { source: 'microphone', mid: '0', moderated: false },
        { source: 'camera', mid: '1', moderated: false },
      ],
    })
  })

  it('are said anew when they send more or less, and are gone when they leave', () => {
    const less = feedsOf(two, { publishers: [publisher('a', { disabled: true })] })
    expect(less.find(({ id }) => id === 'a')?.mids).toEqual(['0', '2'])
    expect(less.map(({ id }) => id).sort()).toEqual(['a', 'b'])
    expect(without(two, 'a').map(({ id }) => id)).toEqual(['b'])
  })

  it('are silenced by a host, one section at a time', () => {
    const after = feedsOf(two, { moderation: 'muted', id: 'a', mid: '1' })
    expect(after[0]?.sources.map((one) => one.moderated)).toEqual([false, true])
    expect(after[1]).toEqual(two[1])
    expect(feedsOf(after, { moderation: 'unmuted', id: 'a', mid: '1' })[0]?.sources[1]?.moderated).toBe(false)
  })
})

describe('what one is sent', () => {
  it('belongs to somebody’s source by its section; what rests belongs to nobody', () => {
    const streams = [
      { mid: '0', feed_id: 'a', feed_description: 'microphone', active: true },
      { mid: '1', feed_id: 'a', feed_description: 'camera', active: false },
      { mid: '2', feed_id: 'a' },
    ]
    expect([...keysOf(streams)]).toEqual([['0', 'a/microphone']])
    expect([...keysOf(undefined)]).toEqual([])
  })

  it('is the higher layer where it is shown large', () => {
    expect(substreamOf('high')).toEqual({ send: true, substream: 1 })
    expect(substreamOf('low')).toEqual({ send: true, substream: 0 })
    expect(substreamOf('off')).toEqual({ send: false })
  })
})

describe('one’s own line', () => {
  const stats = (...reports: Record<string, unknown>[]) => new Map(reports.map((one, n) => [n, one]))

  it('is what the engine reported of the worst source', () => {
    expect(outgoing(stats({ type: 'codec' }))).toBeNull()
    const line = outgoing(stats({ type: 'remote-inbound-rtp', fractionLost: 0.01, roundTripTime: 0.5 }, { type: 'remote-inbound-rtp', fractionLost: 0.2 }))
    expect(line).toEqual({ loss: 0.2, round_trip_ms: 500 })
    expect(lightOf({ loss: 0.2, round_trip_ms: 20 })).toBe('poor')
    expect(lightOf({ loss: 0, round_trip_ms: 500 })).toBe('fair')
    expect(lightOf({ loss: 0, round_trip_ms: 20 })).toBe('good')
  })
})
