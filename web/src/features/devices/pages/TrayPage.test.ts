import userEvent from '@testing-library/user-event'
import { screen, waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import type { Recording } from '../types'
import TrayPage from './TrayPage.vue'

function aRecording(over: Partial<Recording> = {}): Recording {
  return {
    id: 'r1', device: 'SN-1', device_name: '一号机', facility_id: 'f1', unit: '产科', bed: '产房1床',
    channels: ['fhr1', 'fhr2', 'toco'], fetuses: [{ channel: 'fhr1', label: 'A' }, { channel: 'fhr2', label: 'B' }],
    started_at: '2026-11-22T02:00:00Z', opened_at: '2026-11-22T02:00:00Z', closed_at: null, last_seq: null, live: true,
    invalid_samples: 0, clock_offset_ms: null, pregnancy_id: null, case_id: null, bound_by: null, bound_at: null, version: 1, pulse: null,
    allowed: ['bind'], ...over,
  }
}

const woman = { patient_id: 'p1', pregnancy_id: 'g1', name: '测试甲', age: 30, gestation_days: 268, facility: { id: 'f1' } }

function shown(unbound: Recording[], bound: Recording[] = []) {
  return renderPage(TrayPage, {
    path: '/ctg/unbound',
    answers: {
      '/api/ctg/recordings': (query: { unbound: boolean }) => (query.unbound ? unbound : bound),
      '/api/patients': [woman],
      '/api/pregnancies/g1': { ...woman, name: '测试甲' },
      '/api/ctg/recordings/r1/bindings': [],
    },
  })
}

function sends(): ReturnType<typeof vi.fn> {
  const send = vi.fn().mockResolvedValue({})
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => send(path, body) as Promise<never> }) as never)
  return send
}

describe('the tray of unbound tracings', () => {
  it('says that nothing is deleted, and names state and fetuses in words', async () => {
    const page = await shown([aRecording()])
    expect(await screen.findByText('监护中')).toBeTruthy()
    expect(screen.getByText(/不会自动删除/)).toBeTruthy()
    expect(screen.getByText('胎儿 A / 胎儿 B')).toBeTruthy()
    expect(await axeViolations(page.container)).toEqual([])
  })

  it('binds by a scanned wristband', async () => {
    await shown([aRecording()])
    const find = vi.spyOn(api, 'post').mockResolvedValue({ pregnancy_id: 'g1' })
    const send = sends()
    await userEvent.click(await screen.findByRole('button', { name: '绑定' }))
    await userEvent.type(await screen.findByLabelText('扫描腕带'), 'ZY2026001{Enter}')
    await waitFor(() => expect(screen.getByRole('status').textContent).toContain('测试甲'))
    expect(find).toHaveBeenCalledWith('/api/ctg/wristbands/find', { code: 'ZY2026001' })
    await userEvent.click(screen.getAllByRole('button', { name: '绑定' }).at(-1) as HTMLElement)
    expect(send).toHaveBeenCalledWith('/api/ctg/recordings/r1/bind', {
      pregnancy_id: 'g1', version: 1, means: 'wristband', reason: '', labels: null,
    })
  })

  it('gives an unknown wristband to whom one picks, then binds', async () => {
    await shown([aRecording()])
    vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'ctg.wristband_unknown' }, 404))
    const send = sends()
    await userEvent.click(await screen.findByRole('button', { name: '绑定' }))
    await userEvent.type(await screen.findByLabelText('扫描腕带'), 'ZY2026009{Enter}')
    await userEvent.type(screen.getByLabelText('或按姓名查找'), '测试甲{Enter}')
    await userEvent.click(await screen.findByRole('button', { name: /测试甲/ }))
    expect((screen.getByLabelText(/同时把该腕带登记/) as HTMLInputElement).checked).toBe(true)
    await userEvent.click(screen.getAllByRole('button', { name: '绑定' }).at(-1) as HTMLElement)
    await waitFor(() => expect(send).toHaveBeenCalledTimes(2))
    expect(send).toHaveBeenNthCalledWith(1, '/api/ctg/wristbands', { code: 'ZY2026009', pregnancy_id: 'g1' })
    expect(send).toHaveBeenNthCalledWith(2, '/api/ctg/recordings/r1/bind', expect.objectContaining({ means: 'list' }))
  })

  it('exchanges the names of twins and wants a reason for a correction', async () => {
    await shown([], [aRecording({ pregnancy_id: 'g0', version: 2, allowed: ['bind', 'unbind'] })])
    const send = sends()
    await userEvent.click(await screen.findByText('最近绑定（1）'))
    await userEvent.click(await screen.findByRole('button', { name: '更正' }))
    await userEvent.type(await screen.findByLabelText('或按姓名查找'), '测试甲{Enter}')
    await userEvent.click(await screen.findByRole('button', { name: /测试甲/ }))
    await userEvent.selectOptions(screen.getByLabelText(/FHR1/), 'B')
    await userEvent.click(screen.getByRole('button', { name: '绑定' }))
    expect(screen.getByRole('alert').textContent).toContain('请填写原因')
    expect(send).not.toHaveBeenCalled()
    await userEvent.type(screen.getByLabelText('原因'), '床位写错')
    await userEvent.click(screen.getByRole('button', { name: '绑定' }))
    expect(send).toHaveBeenCalledWith('/api/ctg/recordings/r1/bind', expect.objectContaining({ reason: '床位写错', labels: ['B', 'A', 'C'] }))
  })

  it('says so when there is nothing', async () => {
    await shown([])
    expect(await screen.findByText('没有待绑定的监护')).toBeTruthy()
  })
})
