import userEvent from '@testing-library/user-event'
import { screen } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { serverNow } from '@/shared/clock'
import { axeViolations, renderPage } from '@/testing/page'

import type { Monitor } from '../types'
import DevicesPage from './DevicesPage.vue'

function aMonitor(over: Partial<Monitor> = {}): Monitor {
  return {
    id: 'd1', serial: 'SN-1', name: '一号机', kind: 'agent', facility_id: 'f1', unit: '产科', revoked: false,
    has_token: true, token_at: null, old_token_until: null, allowed: ['change', 'rotate', 'revoke'], sample: null, ...over,
  }
}

function shown(devices: Monitor[]) {
  return renderPage(DevicesPage, { path: '/ctg/devices', answers: { '/api/ctg/devices': devices }, roles: ['coordinator'] })
}

describe('the registry of monitors', () => {
  it('lists them, those out of service too, and is accessible', async () => {
    const page = await shown([aMonitor(), aMonitor({ id: 'd2', serial: 'SN-2', revoked: true, allowed: [] })])
    expect(await screen.findByText('SN-2')).toBeTruthy()
    expect(screen.getByText('已停用')).toBeTruthy()
    expect(screen.getAllByRole('button', { name: '换发令牌' })).toHaveLength(1)
    expect(await axeViolations(page.container)).toEqual([])
  })

  it('says in the words of the wall how each is and how old its last sample', async () => {
    const ago = (ms: number): string => new Date(serverNow() - ms).toISOString()
    const samples: Monitor['sample'][] = [
      { state: 'running', at: ago(4_000) },
      { state: 'offline', at: ago(3 * 3_600_000) },
      { state: 'stopped', at: '2026-10-30T03:00:00Z' },
      { state: 'waiting', at: null },
      { state: 'none', at: null },
      null,
    ]
    const page = await shown(samples.map((sample, n) => aMonitor({ id: `d${n}`, kind: 'monitor', sample })))
    await screen.findByText(/近 31 天无数据/)
    const said = screen.getAllByRole('listitem').map((row) => row.textContent)
    const wanted = [/▶ 实时最后采样 \d\.\d s/, /✕ 离线最后采样 \d:\d\d:\d\d/, /■ 已结束最后采样 \d\d-\d\d \d\d:00/, /… 等待数据/, /近 31 天无数据/]
    wanted.forEach((words, n) => expect(said[n]).toMatch(words))
    expect(said[5]).not.toMatch(/采样|数据/)
    expect(await axeViolations(page.container)).toEqual([])
  })

  it('shows a new token once', async () => {
    await shown([aMonitor()])
    const send = vi.fn().mockResolvedValue({ id: 'd1', device: aMonitor(), token: 'only-now' })
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    await userEvent.click(await screen.findByRole('button', { name: '换发令牌' }))
    await userEvent.click(screen.getAllByRole('button', { name: '换发令牌' }).at(-1) as HTMLElement)
    expect(send).toHaveBeenCalledWith({ overlap_h: 24, reason: '' })
    expect(await screen.findByText('only-now')).toBeTruthy()
  })

  it('puts nothing out of service without a reason', async () => {
    await shown([aMonitor()])
    const send = vi.fn()
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    await userEvent.click(await screen.findByRole('button', { name: '停用' }))
    await userEvent.click(screen.getAllByRole('button', { name: '停用' }).at(-1) as HTMLElement)
    expect(screen.getByRole('alert').textContent).toContain('请填写原因')
    expect(send).not.toHaveBeenCalled()
  })
})
