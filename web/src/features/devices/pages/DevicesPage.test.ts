import userEvent from '@testing-library/user-event'
import { screen } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Monitor } from '../types'
import DevicesPage from './DevicesPage.vue'

function aMonitor(over: Partial<Monitor> = {}): Monitor {
  return {
    id: 'd1', serial: 'SN-1', name: '一号机', kind: 'agent', facility_id: 'f1', unit: '产科', revoked: false,
    has_token: true, token_at: null, old_token_until: null, allowed: ['change', 'rotate', 'revoke'], ...over,
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
