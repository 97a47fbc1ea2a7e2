import { beforeEach, describe, expect, it, vi } from 'vitest'

import { CallClient } from './client'
import type { Events, Line } from './line'
import { openLine } from './lines'
import type { Ending, Ticket } from './messages'

vi.mock('./lines', () => ({ openLine: vi.fn() }))

/** One line, which joins when the test says so. */
class Way {
  readonly done: string[] = []
  joins!: (refused: Ending | null) => void
  constructor(readonly events: Events) {}
  join = () => new Promise<Ending | null>((done) => (this.joins = done))
  send = () => undefined
  leave = () => void this.done.push('leave')
  close = () => void this.done.push('close')
}

const ways: Way[] = []
/** The n-th line that was opened. */
function way(n: number): Way {
  const found = ways[n]
  if (!found) throw new Error(`no line ${n}`)
  return found
}
const ticket = vi.fn<() => Promise<Ticket>>()
const settled = () => vi.advanceTimersByTimeAsync(0)

async function joined(): Promise<CallClient> {
  const call = new CallClient(ticket, () => undefined)
  call.start(new Map())
  await settled()
  way(0).joins(null)
  await settled()
  expect(call.state).toBe('connected')
  return call
}

beforeEach(() => {
  vi.useFakeTimers()
  ways.length = 0
  ticket.mockReset().mockResolvedValue({ participant_id: 'me' } as Ticket)
  vi.mocked(openLine).mockImplementation((_ticket, events) => {
    ways.push(new Way(events))
    return Promise.resolve(ways.at(-1) as unknown as Line)
  })
})

describe('leaving a call', () => {
  it('is said over the line', async () => {
    const call = await joined()
    call.leave()
    expect(way(0).done[0]).toBe('leave')
    expect([call.state, call.ending]).toEqual(['ended', 'closed'])
  })

  it('is said over the line that broke, while another one is waited for or joins', async () => {
    for (const given of [false, true]) {
      ways.length = 0
      const call = await joined()
      if (!given) ticket.mockReturnValueOnce(new Promise(() => undefined))
      way(0).events.over('unreachable')
      await vi.advanceTimersByTimeAsync(1000)
      expect(ways.length).toBe(given ? 2 : 1)
      call.leave()
      for (const way of ways) expect(way.done).toContain('leave')
    }
  })

  it('is not said over a line in whose place another one has joined', async () => {
    const call = await joined()
    way(0).events.over('unreachable')
    await vi.advanceTimersByTimeAsync(1000)
    way(1).joins(null)
    await settled()
    call.leave()
    expect([way(0).done, way(1).done[0]]).toEqual([['close'], 'leave'])
  })

  it('is said over a line that joins again because the network came back', async () => {
    const call = await joined()
    way(0).events.over('unreachable')
    window.dispatchEvent(new Event('online'))
    await settled()
    call.leave()
    expect(ways.map((way) => way.done)).toEqual([['close', 'leave'], ['leave', 'close']])
    window.dispatchEvent(new Event('online'))
    await settled()
    expect(ways.length).toBe(2)
  })
})
