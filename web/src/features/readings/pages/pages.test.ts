import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Reading, ReadingDetail, TimeLimits } from '../types'
import ReadingPage from './ReadingPage.vue'
import ReadingsPage from './ReadingsPage.vue'
import TimeLimitsPage from './TimeLimitsPage.vue'

vi.mock('@/strip/StripCanvas.vue', () => ({
  default: { template: '<div>strip</div>', methods: { visible: () => [10, 60], show: () => undefined, goLive: () => undefined } },
}))

const LIMITS: TimeLimits = { urgent_sign_min: 10, urgent_receive_min: 10, routine_sign_min: 30, routine_receive_min: 60 }
const reading: Reading = {
  id: 'g1', recording_id: 'r1', pregnancy_id: 'w1', of_case_id: null, facility_id: 'f2', facility: '云江县妇保', reader_facility_id: 'f1', reader_facility: '市妇幼',
  from_seq: 1, to_seq: 120, urgency: 'urgent', question: '变异是否减少？', state: 'claimed', asked_by: { id: 'p2', name: '周知夏', title: '' },
  asked_at: '2026-11-22T03:00:00Z', due_at: '2026-11-22T03:06:36Z', claimed_by: { id: 'p1', name: '林静禾', title: '' }, claimed_at: '2026-11-22T03:01:00Z',
  signed_at: null, received_by: null, received_at: null, receive_by: null, escalated_at: null, follow_up_at: null, followed_by: null, followed_at: null, version: 2, fetuses: [{ channel: 'fhr1', label: 'A' }], limits: { id: 'l1', limits: LIMITS, source: '平台', confidence: '待核实' },
  bed: '产房3床', device: 'SN-1', channels: ['fhr1'], started_at: '2026-11-22T02:00:00Z', woman: '苏*', gestation_days: 268, allowed: ['sign', 'release'],
}
const seen = { id: 'v1', person: { id: 'p1', name: '林静禾', title: '' }, at: '2026-11-22T03:02:00Z', from_seq: 1, to_seq: 120, seconds: 118, parts: [[1, 118]], sha256: 'ab'.repeat(32) }
const detail: ReadingDetail = { reading, signed: [], views: [], history: [{ at: reading.asked_at, action: 'ask', state: 'asked', person: reading.asked_by, note: null }] }
const routes = [{ path: '/ctg/readings/:id', name: 'reading' }, { path: '/ctg/readings/ask', name: 'reading-ask' }]

function answering(answers: Record<string, unknown>): ReturnType<typeof vi.fn> {
  const send = vi.fn()
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => (send(path, body), Promise.resolve(answers[path])) }) as never)
  vi.spyOn(api, 'download').mockResolvedValue({ arrayBuffer: () => Promise.resolve(new ArrayBuffer(0)) } as Blob)
  return send
}

describe('readings', () => {
  it('lists what is to be read with who asks, who has it, and how late it is', async () => {
    const view = await renderPage(ReadingsPage, { path: '/ctg/readings', answers: { '/api/ctg/readings': [reading] }, roles: ['expert'], routes })
    expect(await view.findByText('苏*')).toBeTruthy()
    expect(view.getByRole('timer').textContent).toMatch(/签名已超时 01:0\d/)
    expect(view.getByText(/判读中 · 林静禾/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('is written beside the strip, cites seconds, and is signed with the password', async () => {
    const send = answering({ '/api/ctg/readings/g1/look': seen, '/api/ctg/readings/g1/sign': { ...detail, reading: { ...reading, state: 'signed', allowed: ['add'] } } })
    const view = await renderPage(ReadingPage, { path: '/ctg/readings/:id', at: '/ctg/readings/g1', answers: { '/api/ctg/readings/g1': detail }, roles: ['expert'], routes })
    expect(await view.findByText(/缺 2 秒/)).toBeTruthy()
    const sign = () => view.getByText('签名并发回')
    await userEvent.click(sign())
    expect(view.getByText('请选择变异')).toBeTruthy()
    await userEvent.selectOptions(view.getByLabelText('变异'), 'moderate')
    await userEvent.selectOptions(view.getByLabelText('加速'), 'present')
    await userEvent.selectOptions(view.getByLabelText('分类'), 'normal')
    await userEvent.type(view.getByLabelText('结论'), '反应型')
    await userEvent.type(view.getByLabelText('建议'), '两小时后复查')
    await userEvent.click(view.getByText(/引用当前可见段/, { selector: 'button *' }))
    await userEvent.type(view.getByLabelText(/登录密码/), 'secret')
    expect(await axeViolations(view.container)).toEqual([])
    await userEvent.click(sign())
    expect(send).toHaveBeenLastCalledWith('/api/ctg/readings/g1/sign', {
      version: 2, view_id: 'v1', password: 'secret',
      report: {
        findings: { baseline_bpm: null, variability: 'moderate', accelerations: 'present', decelerations: [], sinusoidal: false, contractions_per_10min: null, standard: 'cn2015_nst', category: 'normal' },
        conclusion: '反应型', recommendation: '两小时后复查', cited: [{ from_seq: 10, to_seq: 60, note: '' }], follow_up_at: null,
      },
    })
  })

  it('comes back with what was signed, as it was seen then, to be received', async () => {
    answering({})
    const signed = {
      n: 1, author: reading.claimed_by, facility_id: 'f1', view_id: 'v1', signed_at: '2026-11-22T03:05:00Z', sha256: 'cd'.repeat(32), addendum: null,
      report: { findings: { baseline_bpm: 140, variability: 'moderate', accelerations: 'present', decelerations: ['late'], sinusoidal: false, contractions_per_10min: null, standard: 'cn2015_nst', category: 'normal' }, conclusion: '反应型', recommendation: '两小时后复查', cited: [{ from_seq: 10, to_seq: 60, note: '' }], follow_up_at: '2026-11-22T05:00:00Z' },
    }
    const back = { ...detail, signed: [signed], views: [seen], reading: { ...reading, state: 'signed', allowed: ['receive'], receive_by: '2026-11-22T03:12:00Z' } }
    const view = await renderPage(ReadingPage, { path: '/ctg/readings/:id', at: '/ctg/readings/g1', answers: { '/api/ctg/readings/g1': back }, routes })
    expect(await view.findByText('两小时后复查')).toBeTruthy()
    expect(view.getByText('晚期减速')).toBeTruthy()
    expect(view.getByText('签收，按建议处理')).toBeTruthy()
    expect(view.queryByText('书写判读')).toBeNull()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('once received it says how long until she is looked at again, and takes that she was', async () => {
    const received = { ...reading, state: 'received' as const, allowed: ['follow_up'], follow_up_at: '2026-11-22T03:37:41Z', received_by: reading.asked_by, received_at: '2026-11-22T03:10:00Z' }
    const send = answering({ '/api/ctg/readings/g1/look': seen, '/api/ctg/readings/g1/follow-up': { ...detail, reading: { ...received, allowed: [], followed_at: '2026-11-22T05:02:00Z', followed_by: reading.asked_by } } })
    const view = await renderPage(ReadingPage, { path: '/ctg/readings/:id', at: '/ctg/readings/g1', answers: { '/api/ctg/readings/g1': { ...detail, reading: received } }, routes })
    expect((await view.findByRole('timer')).textContent).toMatch(/复查剩余 (29|30):/)
    await userEvent.click(view.getByText('已复查'))
    expect(send).toHaveBeenLastCalledWith('/api/ctg/readings/g1/follow-up', { version: 2 })
    expect(await view.findByText(/复查：周知夏/)).toBeTruthy()
    expect(view.queryByRole('timer')).toBeNull()
  })
})

describe('the time limits', () => {
  const version = { id: 'l1', owner: 'platform', region: null, valid_from: '2026-11-01T00:00:00Z', standing: 'counts', limits: LIMITS, source: '平台', confidence: '待核实', recorded_by: null, recorded_at: '2026-11-01T00:00:00Z', supersedes_id: null }
  const bounds = Object.entries({ urgent_sign_min: [3, 30], urgent_receive_min: [3, 30], routine_sign_min: [10, 240], routine_receive_min: [10, 480] }).map(([field, [least, most]]) => ({ field, least, most }))
  const book = { facility_id: 'f1', bounds, versions: [version], may_write: true, regions: [{ id: 'r1', name: '云江市' }] }

  it('show every number with its source and how sure it is, and take a version for a house or a region', async () => {
    const send = vi.fn().mockResolvedValue({ id: 'l2' })
    vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    const view = await renderPage(TimeLimitsPage, { path: '/ctg/reading-limits', answers: { '/api/ctg/reading-limits': book }, roles: ['coordinator'] })
    expect(await view.findByText('60 分钟')).toBeTruthy()
    expect(view.getByText(/待核实/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
    await userEvent.click(view.getByText('新版本'))
    const urgent = await view.findByLabelText<HTMLInputElement>(/^紧急：申请至签名/)
    const routine = view.getByLabelText(/^常规：申请至签名/)
    await userEvent.clear(routine)
    await userEvent.type(routine, '20')
    expect(urgent.max).toBe('20')
    await userEvent.type(view.getByLabelText('依据'), '市级质控中心通知')
    await userEvent.selectOptions(view.getByLabelText('可信度'), '已核实')
    await userEvent.selectOptions(view.getByLabelText('适用于'), '云江市')
    await userEvent.click(view.getByText('发布'))
    expect(send).toHaveBeenCalledWith({ limits: { ...LIMITS, routine_sign_min: 20 }, region_id: 'r1', source: '市级质控中心通知', confidence: '已核实' })
  })

  it('are only read by who may write for nobody', async () => {
    const view = await renderPage(TimeLimitsPage, { path: '/ctg/reading-limits', answers: { '/api/ctg/reading-limits': { ...book, may_write: false, regions: [] } }, roles: ['medical_affairs'] })
    expect(await view.findByText('60 分钟')).toBeTruthy()
    expect(view.queryByText('新版本')).toBeNull()
  })
})
