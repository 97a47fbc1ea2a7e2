import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { aPolicy, aTrial } from '../fixtures'
import PolicyPage from './PolicyPage.vue'

const house = { id: 'f1', short_name: '云江县妇保' }

async function open(mayWrite = true) {
  const own = aPolicy({ id: 'v2', owner: 'facility', owner_id: 'f1', owner_name: '云江县妇保', event: 'consult.mdt', mode: 'quorum', quorum: [{ specialty: 'obstetrics', count: 1 }] })
  return renderPage(PolicyPage, {
    path: '/duty/policies',
    roles: ['coordinator'],
    answers: {
      '/api/duty/policies': { facility: house, may_write: mayWrite, regions: mayWrite ? [{ id: 'r1', name: '云江市' }] : [], policies: [own, aPolicy()] },
      '/api/duty/policies/v2/history': [
        own,
        aPolicy({ id: 'w1', owner: 'facility', withdraws_id: 'v1', reason: '与分区冲突', in_force: false }),
        aPolicy({ id: 'v1', owner: 'facility', in_force: false }),
        aPolicy({ id: 'v0', owner: 'facility', in_force: false, recorded_by: { id: 'p1', name: '林静禾', title: '主任医师' } }),
      ],
      '/api/duty/policies/try': aTrial(),
      '/api/conditions': [],
      '/api/facilities': [],
    },
  })
}

describe('the book of policies', () => {
  it('shows what is in force, whose it is, and that nobody has confirmed it', async () => {
    const { container } = await open()
    const own = await screen.findByRole('region', { name: '本机构' })
    expect(within(own).getByText('多学科会诊呼叫')).toBeTruthy()
    expect(within(own).getByText(/产科 1/)).toBeTruthy()
    expect(screen.getAllByText(/待核实/).length).toBeGreaterThan(1)
    expect(screen.getAllByText(/上级中心/).length).toBeGreaterThan(0)
    expect(await axeViolations(container)).toEqual([])
  })

  it('marks empty steps and missing specialties of a trial', async () => {
    await open()
    expect(await screen.findByText(/此级无人值班，立即跳到下一级/)).toBeTruthy()
    expect(screen.getByText(/重症医学科/)).toBeTruthy()
  })

  it('lets only who may write a version, and sends it as it stands', async () => {
    await open(false)
    await screen.findByRole('region', { name: '本机构' })
    expect(screen.queryByRole('button', { name: '新建策略' })).toBeNull()
    document.body.innerHTML = ''
    await open()
    const user = userEvent.setup()
    await user.click(await screen.findByRole('button', { name: '新建策略' }))
    const send = vi.fn().mockResolvedValue({ policy_id: 'v3' })
    vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    const form = await screen.findByRole('dialog')
    await user.type(within(form).getByLabelText('依据'), '本院规定 3 号')
    expect(within(form).getByText('第 3 级')).toBeTruthy()
    expect(within(form).getByLabelText('归属')).toBeTruthy()
  })

  it('takes back one’s own with a reason, and says first what counts afterwards', async () => {
    await open()
    const user = userEvent.setup()
    const buttons = await screen.findAllByRole('button', { name: '撤回此版本' })
    expect(buttons).toHaveLength(1) // the platform's own has none
    const send = vi.fn().mockResolvedValue({ policy_id: 'w2' })
    vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    await user.click(buttons[0] as HTMLElement)
    const form = await screen.findByRole('dialog')
    expect(await within(form).findByText(/林静禾/)).toBeTruthy()
    expect(await axeViolations(form)).toEqual([])
    await user.type(within(form).getByLabelText('撤回原因'), '暂停执行')
    await user.click(within(form).getByRole('button', { name: '撤回此版本' }))
    expect(send).toHaveBeenCalledWith({ reason: '暂停执行' })
  })
})
