import userEvent from '@testing-library/user-event'
import { screen, waitFor, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import { type Robot, standing } from '../robots'
import RobotsPage from './RobotsPage.vue'

function aRobot(over: Partial<Robot> = {}): Robot {
  return {
    id: 'r1', channel: 'wecom_robot', label: '产科值班群', person_id: null, facility_id: 'f1', owner: '云江妇保',
    created_at: '2026-11-26T03:00:00Z', disabled_at: null, last_ok_at: null, tested_at: null, test: null, test_error: null, ...over,
  }
}

const FACILITIES = [{ id: 'f1', name: '云江县妇幼保健院', short_name: '云江妇保', tier: 'county' }]

async function show(...robots: Robot[]) {
  const view = await renderPage(RobotsPage, {
    path: '/admin/robots',
    roles: ['system_admin'],
    answers: { '/api/admin/endpoints': robots, '/api/facilities': FACILITIES, '/api/conditions': [] },
  })
  await screen.findByRole('heading', { name: '登记' })
  return view
}

describe('how a robot stands', () => {
  const before = '2026-11-26T03:00:00Z'
  const after = '2026-11-26T04:00:00Z'
  it.each<[string, Partial<Robot>, string]>([
    ['nobody has tried it', {}, 'untried'],
    ['a test is on its way', { test: 'sending', tested_at: before }, 'testing'],
    ['it took a message', { last_ok_at: after }, 'works'],
    ['its test failed', { test: 'failed', tested_at: after, last_ok_at: before }, 'failed'],
    ['something got through since', { test: 'failed', tested_at: before, last_ok_at: after }, 'works'],
    ['it is off', { test: 'failed', tested_at: after, disabled_at: after }, 'off'],
  ])('%s', (_, over, said) => {
    expect(standing(aRobot(over))).toBe(said)
  })
})

describe('the page of group robots', () => {
  it('lists them by name, house and state; those that are off when asked', async () => {
    const view = await show(aRobot({ last_ok_at: '2026-11-26T04:00:00Z' }), aRobot({ id: 'r2', label: '旧群', disabled_at: '2026-11-26T05:00:00Z' }))
    const row = screen.getByText('产科值班群').closest('li') as HTMLElement
    expect(row.textContent).toContain('云江妇保')
    expect(within(row).getByRole('status').textContent).toContain('有效')
    expect(screen.queryByText('旧群')).toBeNull()
    await userEvent.click(screen.getByLabelText('显示已停用的 1 个'))
    const old = screen.getByText('旧群').closest('li') as HTMLElement
    expect(within(old).queryByRole('button')).toBeNull()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('registers a robot, forgets what was typed and asks for a test', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(aRobot())
    await show()
    await userEvent.selectOptions(screen.getByLabelText('类型'), 'dingtalk_robot')
    await userEvent.selectOptions(screen.getByLabelText('所属机构'), 'f1')
    await userEvent.type(screen.getByLabelText('名称'), '产科值班群')
    const url = screen.getByLabelText<HTMLInputElement>(/Webhook 地址或 access_token/)
    await userEvent.type(url, 'https://oapi.dingtalk.com/robot/send?access_token=k')
    const secret = screen.getByLabelText<HTMLInputElement>(/加签密钥/)
    expect(secret.type).toBe('password')
    await userEvent.type(secret, 'SEC0123')
    await userEvent.click(screen.getByRole('button', { name: '登记' }))
    expect(post).toHaveBeenCalledWith('/api/admin/endpoints', {
      channel: 'dingtalk_robot', facility_id: 'f1', label: '产科值班群', url: 'https://oapi.dingtalk.com/robot/send?access_token=k', secret: 'SEC0123',
    })
    await waitFor(() => expect([url.value, secret.value]).toEqual(['', '']))
  })

  it('keeps what was typed when it is refused, and says why', async () => {
    vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'duty.endpoint_refused', zh: { title: '推送地址不可用', detail: '机器人地址中没有密钥' } }, 422))
    await show()
    await userEvent.selectOptions(screen.getByLabelText('所属机构'), 'f1')
    await userEvent.type(screen.getByLabelText('名称'), '产科值班群')
    const url = screen.getByLabelText<HTMLInputElement>(/Webhook 地址或 key/)
    await userEvent.type(url, 'https://qyapi.weixin.qq.com/')
    await userEvent.click(screen.getByRole('button', { name: '登记' }))
    expect((await screen.findByRole('alert')).textContent).toContain('机器人地址中没有密钥')
    expect(url.value).toBe('https://qyapi.weixin.qq.com/')
  })

  it('has no secret field for WeCom and a required one for a webhook', async () => {
    await show()
    expect(screen.queryByLabelText(/密钥（|加签密钥|签名密钥/)).toBeNull()
    await userEvent.selectOptions(screen.getByLabelText('类型'), 'webhook')
    expect(screen.getByLabelText<HTMLInputElement>(/签名密钥/).required).toBe(true)
  })

  it('sends a test, says how it failed, and turns off only after asking', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(undefined)
    const { get } = await show(aRobot({ test: 'failed', test_error: '93000', tested_at: '2026-11-26T04:00:00Z' }))
    expect(screen.getByText(/代码 93000/)).toBeTruthy()
    const asked = get.mock.calls.length
    await userEvent.click(screen.getByRole('button', { name: '向 产科值班群 发送测试' }))
    expect(post).toHaveBeenLastCalledWith('/api/admin/endpoints/r1/test')
    await waitFor(() => expect(get.mock.calls.length).toBeGreaterThan(asked))
    await userEvent.click(screen.getByRole('button', { name: '停用 产科值班群' }))
    expect(post).toHaveBeenCalledTimes(1)
    await userEvent.click(screen.getByRole('button', { name: '停用' }))
    expect(post).toHaveBeenLastCalledWith('/api/admin/endpoints/r1/disable')
  })
})
