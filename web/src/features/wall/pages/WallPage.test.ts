import { fireEvent, screen, waitFor } from '@testing-library/vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

import { setLanguage } from '@/shared/i18n'
import { FRAME_BYTES } from '@/stream/frames'
import { axeViolations, renderPage } from '@/testing/page'

import type { StripInfo } from '../wallStrip'
import WallPage from './WallPage.vue'

const HOUSE = { id: 'f1', name: '临江县医院', short_name: '临江县医院', tier: 'county' }

const ALARM = { id: 'a1', kind: 'bradycardia', present: true, version: 1, bed: '产房 1 床', limits: { remind_s: 180, silence_max_s: 180 }, allowed: ['acknowledge', 'silence'] }

function info(n: number, change: Partial<StripInfo> = {}): StripInfo {
  return {
    recording: `rec-${n}`, facility: HOUSE, unit: '产科', bed: `产房 ${n} 床`, device: `SN-${n}`, device_name: '监护仪',
    channels: ['fhr1', 'toco'], fetuses: [{ channel: 'fhr1', label: 'A' }], opened_at: '2026-11-22T03:00:00Z', closed_at: null, heard_at: null,
    bound: true, name_short: '王*明', case_id: null, ...change,
  } as StripInfo
}

class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  readyState = 0
  binaryType = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  sent: Record<string, unknown>[] = []

  constructor() {
    FakeSocket.all.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close(): void {
    this.readyState = 3
    this.onclose?.()
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  seconds(view: number, ...seqs: number[]): void {
    this.rates(view, [141], seqs)
  }

  /** Seconds with a rate for each of the first fetal channels. */
  rates(view: number, bpm: readonly number[], seqs: readonly number[]): void {
    const bytes = new DataView(new ArrayBuffer(8 + seqs.length * FRAME_BYTES))
    ;[1, 4, seqs.length].forEach((value, at) => bytes.setUint8(at, value))
    seqs.forEach((seq, n) => {
      const at = 8 + n * FRAME_BYTES
      bytes.setUint8(at, 1)
      bytes.setUint8(at + 1, 1)
      bytes.setUint32(at + 4, view, true)
      bytes.setUint32(at + 8, seq, true)
      for (let i = 0; i < 4; i += 1) bpm.forEach((rate, channel) => bytes.setUint16(at + 24 + i * 12 + channel * 2, rate * 4, true))
    })
    this.onmessage?.({ data: bytes.buffer })
  }
}

/** What a page may leave behind: listeners on the window and document, observers. */
function leftovers() {
  const open = new Map<string, number>()
  const count = (key: string, by: number): void => void open.set(key, (open.get(key) ?? 0) + by)
  for (const [name, target] of [['window', window], ['document', document]] as const) {
    const add = target.addEventListener.bind(target) as (...args: unknown[]) => void
    const remove = target.removeEventListener.bind(target) as (...args: unknown[]) => void
    vi.spyOn(target, 'addEventListener').mockImplementation((...args: unknown[]) => {
      count(`${name} ${String(args[0])}`, 1)
      add(...args)
    })
    vi.spyOn(target, 'removeEventListener').mockImplementation((...args: unknown[]) => {
      count(`${name} ${String(args[0])}`, -1)
      remove(...args)
    })
  }
  vi.stubGlobal('ResizeObserver', class {
    constructor(private readonly told: (entries: object[]) => void) {}
    observe(): void {
      count('observer', 1)
      this.told([{ contentRect: { width: 1_400, height: 800 } }])
    }
    unobserve(): void {}
    disconnect(): void {
      count('observer', -1)
    }
  })
  // Hovering is followed by jsdom's own selectors, not by the page.
  return () => [...open].filter(([key, times]) => times !== 0 && !key.startsWith('document mouse'))
}

let left: () => [string, number][]

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
  left = leftovers()
  const nothing = new Proxy({}, { get: () => () => null, set: () => true })
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(nothing as never)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(460)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(240)
})

afterEach(() => vi.useRealTimers())

async function wall(...strips: StripInfo[]) {
  const page = await renderPage(WallPage, {
    path: '/wall',
    answers: { '/api/ctg/wall': { as_of: '2026-11-22T03:07:41Z', strips } },
    routes: [{ path: '/cases/:id', name: 'case' }],
  })
  await screen.findAllByRole('button', { name: /产房/ })
  const socket = FakeSocket.all[0]
  if (socket === undefined) throw new Error('no socket')
  socket.readyState = 1
  socket.onopen?.()
  strips.forEach((strip, n) => socket.says({ type: 'subscribed', recording: strip.recording, view: n + 1, last_seq: 0, connected: true, bed: strip.bed }))
  return { ...page, socket }
}

async function seconds(n: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(n * 1_000)
  await nextTick()
}

describe('the wall', () => {
  it('shows each bed with name, state, rate and age, over one line', async () => {
    const { socket } = await wall(info(1), info(2, { bound: false, name_short: null }))
    expect(socket.sent).toEqual([{ type: 'subscribe', recordings: ['rec-1', 'rec-2'], since_s: 1200 }])
    socket.seconds(1, 1, 2, 3)
    socket.says({ type: 'state', recording: 'rec-1', connected: true, lag_ms: 200 })
    socket.says({ type: 'state', recording: 'rec-2', connected: false })
    await seconds(2)
    const first = screen.getByRole('button', { name: /产房 1 床.*王\*明.*实时.*FHR 141/ })
    expect(first.textContent).toContain('141')
    expect(screen.queryByRole('button', { name: /产房 2 床.*未绑定.*等待数据/ })).not.toBeNull()
  })

  it('tells running, gap, late, offline, ended and cut off apart by word and frame', async () => {
    const { socket } = await wall(info(1), info(2), info(3))
    for (const view of [1, 2, 3]) socket.seconds(view, 1, 2, 3)
    for (const n of [1, 2, 3]) socket.says({ type: 'state', recording: `rec-${n}`, connected: true, lag_ms: 100 })
    socket.seconds(1, 9)
    socket.says({ type: 'state', recording: 'rec-2', connected: false })
    socket.says({ type: 'state', recording: 'rec-3', connected: false, closed: true, last_seq: 3 })
    await seconds(2)
    const state = (n: number): string => screen.getByRole('button', { name: new RegExp(`产房 ${n} 床`) }).className
    expect([state(1), state(2), state(3)].map((name) => /is-(\w+)/.exec(name)?.[1])).toEqual(['gappy', 'offline', 'stopped'])
    expect(screen.getByRole('button', { name: /产房 2 床/ }).textContent).toContain('监护仪离线')
    socket.seconds(1, 4, 5, 6, 7, 8)
    await seconds(2)
    expect(state(1)).toContain('is-running')
    await seconds(5)
    expect(state(1)).toContain('is-lagging')
    socket.close()
    await seconds(2)
    expect(state(1)).toContain('is-unlinked')
  })

  it('asks over HTTP for what the live path left out', async () => {
    const { api } = await import('@/api/client')
    const download = vi.spyOn(api, 'download').mockResolvedValue(new Blob([]))
    const { socket } = await wall(info(1))
    socket.says({ type: 'resync', recording: 'rec-1', from: 40, to: 90 })
    await seconds(1)
    expect(download).toHaveBeenCalledWith('/api/ctg/recordings/rec-1/frames?from_seq=40&to_seq=90')
  })

  it('walks by arrows, enlarges by a press, comes back by Escape to where it was', async () => {
    const { socket, router } = await wall(info(1), info(2))
    socket.seconds(1, 1, 2)
    await seconds(1)
    screen.getByRole('button', { name: /产房 1 床/ }).focus()
    await fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowRight' })
    expect(document.activeElement?.textContent).toMatch(/产房 2 床/)
    await fireEvent.click(document.activeElement as Element)
    await screen.findByRole('dialog', { name: /产房 2 床/ })
    expect(router.currentRoute.value.query).toEqual({ strip: 'SN-2' })
    await fireEvent.keyDown(screen.getByRole('dialog'), { key: 'Escape' })
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(document.activeElement?.textContent).toMatch(/产房 2 床/)
  })

  it('by bed hangs each unit under its name, and walks from row to row', async () => {
    localStorage.setItem('ys.wall', JSON.stringify({ byAlarm: false }))
    await wall(info(1, { unit: '待产区' }), info(2, { unit: '待产区' }), info(3, { unit: '产科' }))
    await seconds(1)
    const headings = (): (string | null)[] => screen.queryAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)
    expect(headings()).toEqual(['临江县医院 产科 1 床', '临江县医院 待产区 2 床'])
    screen.getByRole('button', { name: /产房 3 床/ }).focus()
    await fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowDown' })
    expect(document.activeElement?.textContent).toMatch(/产房 1 床/)
    await fireEvent.keyDown(document.body, { key: 's' })
    await nextTick()
    expect(headings()).toEqual([])
  })

  it('shows an alarm with its standing, and lifts the bed once it has stood', async () => {
    const { socket } = await wall(info(1), info(2))
    await seconds(1)
    const alarm = { id: 'a', kind: 'bradycardia', channel: 1, priority: 'high', state: 'active', version: 1, value_bpm: 84 }
    socket.says({ type: 'alarm', recording: 'rec-2', ...alarm })
    await seconds(1)
    const tile = screen.getByRole('button', { name: /胎心过缓.*产房 2 床/ })
    expect(tile.textContent).toMatch(/!!!\s*胎心过缓 84/)
    await seconds(12)
    expect(screen.getAllByRole('button', { name: /产房/ })[0]?.textContent).toMatch(/产房 2 床/)
    socket.says({ type: 'alarm', recording: 'rec-2', ...alarm, state: 'acknowledged', acknowledged_by: '林静禾', version: 2 })
    await seconds(1)
    expect(tile.textContent).toContain('林静禾 已确认')
  })

  it('says of several fetuses by the letters of the binding whose rate and whose alarm it is', async () => {
    const fetuses = [{ channel: 'fhr1', label: 'B' }, { channel: 'fhr2', label: 'A' }, { channel: 'fhr3', label: 'C' }]
    const { socket } = await wall(info(1, { fetuses }), info(2))
    socket.rates(1, [141, 152, 163], [1, 2])
    socket.seconds(2, 1, 2)
    for (const n of [1, 2]) {
      socket.says({ type: 'alarm', recording: `rec-${n}`, id: `a${n}`, kind: 'bradycardia', channel: 1, priority: 'high', state: 'active', version: 1, value_bpm: 84 })
    }
    await seconds(2)
    const said = (n: number): string => screen.getByRole('button', { name: new RegExp(`产房 ${n} 床`) }).textContent?.replace(/\s+/g, ' ') ?? ''
    expect(said(1)).toMatch(/B ?141 ?A ?152 ?C ?163/)
    expect(said(1)).toContain('胎心过缓 胎儿B 84')
    expect(said(2)).toMatch(/胎心过缓 84/)
    await fireEvent.click(screen.getByRole('button', { name: /产房 1 床/ }))
    const large = await screen.findByRole('dialog', { name: /产房 1 床/ })
    expect(large.textContent?.replace(/\s+/g, ' ')).toMatch(/FHR B ?141 ?A ?152 ?C ?163/)
    expect(large.textContent).toContain('胎儿B')
  })

  it('takes an alarm at the enlarged strip, by name and with a reason', async () => {
    const { api } = await import('@/api/client')
    const { socket } = await wall(info(1))
    socket.says({ type: 'alarm', recording: 'rec-1', id: 'a1', kind: 'bradycardia', channel: 1, priority: 'high', state: 'active', version: 1 })
    await seconds(1)
    await fireEvent.click(screen.getByRole('button', { name: /产房 1 床/ }))
    await screen.findByRole('dialog', { name: /产房 1 床/ })
    vi.spyOn(api, 'get').mockResolvedValue({ alarm: ALARM, history: [] })
    const send = vi.fn().mockResolvedValue({ alarm: { ...ALARM, state: 'acknowledged' }, history: [] })
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    vi.useRealTimers()
    await fireEvent.click(screen.getByRole('button', { name: '确认' }))
    await fireEvent.click(await screen.findByLabelText('已到床旁'))
    await fireEvent.submit(document.querySelector('.answer-alarm') as Element)
    await waitFor(() => expect(send).toHaveBeenCalledWith({ version: 1, reason: 'attending' }))
    expect(submission.mock.calls[0]?.[0]).toBe('/api/ctg/alarms/a1/acknowledge')
  })

  it('is accessible, in both languages', async () => {
    const { container } = await wall(info(1), info(2, { bound: false }))
    await seconds(1)
    vi.useRealTimers()
    expect(await axeViolations(container)).toEqual([])
    await setLanguage('en')
    await nextTick()
    expect(await axeViolations(container)).toEqual([])
    await setLanguage('zh-CN')
  })

  it('leaves nothing behind: no socket, frame, timer, listener or observer', async () => {
    expect(vi.getTimerCount()).toBe(0)
    const { socket, unmount } = await wall(info(1), info(2), info(3))
    socket.seconds(1, 1, 2, 3)
    await seconds(3)
    await fireEvent.click(screen.getByRole('button', { name: /产房 1 床/ }))
    await screen.findByRole('dialog')
    await seconds(1)
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    expect(left().length).toBeGreaterThan(0)
    unmount()
    await nextTick()
    expect(FakeSocket.all.map((one) => one.readyState)).toEqual([3])
    expect(left()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
