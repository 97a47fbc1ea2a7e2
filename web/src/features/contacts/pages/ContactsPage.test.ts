import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Role } from '@/api/types'
import { axeViolations, renderPage } from '@/testing/page'

import { aPoint, someContacts } from '../fixtures'
import type { Contacts } from '../types'
import ContactsPage from './ContactsPage.vue'

const show = (over: Partial<Contacts> = {}, roles?: Role[], failing: unknown[] = []) =>
  renderPage(ContactsPage, {
    path: '/contacts',
    answers: { '/api/contacts': someContacts(over), '/api/contacts/failing': failing },
    ...(roles ? { roles } : {}),
  })

describe('how I am found', () => {
  it('says which points work and what would ring, accessibly', async () => {
    const view = await show()
    expect(await view.findByText(/有效$/)).toBeTruthy()
    expect(view.getByText('199****1234')).toBeTruthy()
    expect(view.getByText('立即')).toBeTruthy()
    expect(view.getByText('+1 分')).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('says aloud that there is no telephone', async () => {
    const view = await show({ points: [], no_voice: true })
    expect((await view.findByRole('alert')).textContent).toContain('没有可用的语音电话')
  })

  it('takes the code of an unverified point', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(undefined)
    const view = await show({ points: [aPoint({ standing: 'unverified', verified_at: null, last_ok_at: null })] })
    await userEvent.type(await view.findByLabelText('验证码'), '123456')
    await userEvent.click(view.getByRole('button', { name: '验证' }))
    expect(post).toHaveBeenCalledWith('/api/contacts/points/point-1/verify', { code: '123456' })
  })

  it('keeps what was typed when the server refuses, and says why', async () => {
    vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'duty.contact_refused' }, 422))
    const view = await show()
    await userEvent.type(await view.findByLabelText(/电话号码/), '12')
    await userEvent.type(view.getByLabelText('名称'), '手机')
    await userEvent.click(view.getByRole('button', { name: '添加并发送验证码' }))
    expect(await view.findByText('duty.contact_refused')).toBeTruthy()
    expect((view.getByLabelText(/电话号码/) as HTMLInputElement).value).toBe('12')
  })

  it('offers no way to turn the floor off', async () => {
    const view = await show()
    await view.findByText('我的偏好')
    expect(view.getAllByText('不使用此渠道')).toHaveLength(1)
    expect(view.getByText(/底线，紧急时立即/)).toBeTruthy()
  })

  it('asks before a number is removed', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(undefined)
    const view = await show()
    await userEvent.click(await view.findByRole('button', { name: '删除 本人手机' }))
    expect(post).not.toHaveBeenCalled()
    await userEvent.click(view.getByRole('button', { name: '删除' }))
    expect(post).toHaveBeenCalledWith('/api/contacts/points/point-1/remove', {})
  })

  it('shows the duty desk whom it may not reach', async () => {
    const person = { person_id: 'p9', name: '周砚', title: '主治医师', points: [], no_voice: true }
    const view = await show({}, ['duty_desk'], [person])
    expect(await view.findByText('周砚')).toBeTruthy()
    await userEvent.click(view.getByRole('button', { name: '处理' }))
    expect(view.get).toHaveBeenCalledWith('/api/contacts', { person_id: 'p9' })
  })
})
