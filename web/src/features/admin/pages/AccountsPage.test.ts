import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { type Account, actsOn, matching } from '../accounts'
import AccountsPage from './AccountsPage.vue'

function anAccount(over: Partial<Account> = {}): Account {
  return {
    id: 'a1',
    login: 'lj001.doctor',
    name: '苏云舒',
    title: '主治医师',
    facility: { id: 'f1', name: '临江县妇幼保健院', short_name: '临江妇保', tier: 'county' },
    roles: [{ role: 'referring_clinician', facility_id: 'f1', region_id: null }],
    disabled_at: null,
    open_sessions: 0,
    demo: true,
    ...over,
  }
}

const accounts = [anAccount(), anAccount({ id: 'a2', login: 'yj001.expert', name: '沈静禾', open_sessions: 2, roles: [{ role: 'expert', facility_id: 'f2', region_id: null }] })]

describe('finding an account', () => {
  it.each([
    ['', '', ['a1', 'a2']],
    ['LJ001', '', ['a1']],
    ['妇保 苏', '', ['a1']],
    ['nobody', '', []],
    ['', 'expert', ['a2']],
    ['苏云舒', 'expert', []],
  ])('%j with role %j', (typed, role, ids) => {
    expect(matching(accounts, typed, role).map((account) => account.id)).toEqual(ids)
  })
})

describe('what can be done', () => {
  it.each([
    ['an account without sessions', anAccount(), ['disable']],
    ['one that is signed in', anAccount({ open_sessions: 1 }), ['revoke-sessions', 'disable']],
    ['a disabled one', anAccount({ disabled_at: '2026-11-22T00:00:00Z' }), ['enable']],
    ['my own', anAccount({ id: 'mine', open_sessions: 1 }), []],
  ])('%s', (_, account, acts) => {
    expect(actsOn(account, 'mine')).toEqual(acts)
  })
})

describe('the accounts page', () => {
  const show = (role: 'security_admin' | 'auditor') => renderPage(AccountsPage, { path: '/admin/accounts', answers: { '/api/admin/accounts': accounts }, roles: [role] })

  it('disables only after it was confirmed, naming whose account it is', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(undefined)
    const view = await show('security_admin')
    await userEvent.click((await view.findAllByText('停用'))[0] as HTMLElement)
    expect(post).not.toHaveBeenCalled()
    const ask = view.getByRole('alertdialog')
    expect(ask.textContent).toContain('苏云舒（lj001.doctor）')
    await userEvent.click(ask.querySelector('button') as HTMLElement)
    expect(post).toHaveBeenCalledWith('/api/admin/accounts/a1/disable')
  })

  it('shows an auditor the list and no buttons', async () => {
    const view = await show('auditor')
    await view.findByText('苏云舒')
    expect(view.queryByText('停用')).toBeNull()
    expect(view.getByText(/由安全管理员进行/)).toBeTruthy()
  })

  it('has no accessibility violations', async () => {
    const view = await show('security_admin')
    await view.findByText('苏云舒')
    expect(await axeViolations(view.container)).toEqual([])
  })
})
