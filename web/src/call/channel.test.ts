import { describe, expect, it } from 'vitest'

import { Channel } from './channel'

describe('a channel', () => {
  it('sends again what was not acknowledged, and nothing else', () => {
    const channel = new Channel()
    channel.send({ type: 'mute', source: 'camera', muted: true })
    channel.send({ type: 'leave' })
    channel.receive({ ack: 1 })
    expect(channel.resume(1).map((frame) => JSON.parse(frame))).toEqual([{ seq: 2, ack: 0, body: { type: 'leave' } }])
    expect(channel.resume(2)).toEqual([])
  })

  it('takes every number once', () => {
    const channel = new Channel()
    const body = { type: 'people', people: [] } as const
    expect(channel.receive({ seq: 1, body: { ...body, people: [] } })).toEqual(body)
    expect(channel.receive({ seq: 1, body: { ...body, people: [] } })).toBeNull()
    expect(channel.seen).toBe(1)
  })

  it('acknowledges now and then, so that the worker need not keep everything', () => {
    const channel = new Channel()
    const said = Array.from({ length: 9 }, (_, n) => {
      channel.receive({ seq: n + 1, body: { type: 'quality', people: [] } })
      return channel.acknowledge()
    })
    expect(said.filter((frame) => frame !== null)).toEqual(['{"ack":8}'])
  })
})
