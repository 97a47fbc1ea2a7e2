import userEvent from '@testing-library/user-event'
import { render, screen, waitFor } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { useAlerts } from '@/shared/alerts/store'
import { i18n } from '@/shared/i18n'
import { useLive } from '@/shared/live'
import { useSession } from '@/shared/session'
import { aMe, axeViolations } from '@/testing/page'
import type { StreamMessage } from '@/stream/socket'

import AlertLayer from './AlertLayer.vue'

const PAGE = { id: 'page1', case_id: 'c1', reason: 'referral.offered', level: 'resuscitation', title: 'R2611-00061', step: 0, targets: [], needs: [], created_at: '2026-11-22T03:01:00Z' }
let hear: (message: StreamMessage) => void
let receipts: string[]

async function open(pages: object[] = []) {
  const pinia = createPinia()
  setActivePinia(pinia)
  useSession().accept(aMe(['expert']))
  const live = useLive()
  receipts = []
  vi.spyOn(live, 'listen').mockImplementation((listener) => {
    hear = listener
    return () => undefined
  })
  vi.spyOn(live, 'receipt').mockImplementation((id, state) => receipts.push(`${id} ${state}`))
  vi.spyOn(api, 'get').mockResolvedValue(pages)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] })
  await router.push('/board')
  const alerts = useAlerts()
  alerts.start()
  await waitFor(() => expect(api.get).toHaveBeenCalled())
  return { router, alerts, ...render(AlertLayer, { global: { plugins: [pinia, i18n, router] } }) }
}

const item = (kind: string, data: Record<string, unknown>, offset = 1): StreamMessage => ({ type: 'item', offset, kind, data })

describe('the alert layer', () => {
  beforeEach(() => vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible'))

  it('shows what still rings after a reload, accessibly', async () => {
    const { container } = await open([PAGE])
    expect(await screen.findByText(/请求接收病例/)).toBeTruthy()
    expect(screen.getByText('R2611-00061')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  })

  it('is a key away from wherever somebody types, and Escape leads back', async () => {
    const { container } = await open([PAGE])
    await screen.findByText(/请求接收病例/)
    const field = container.appendChild(document.createElement('input'))
    field.focus()
    await userEvent.keyboard('{F4}')
    expect(document.activeElement?.textContent).toContain('应答并打开')
    await userEvent.keyboard('{Escape}')
    expect(document.activeElement).toBe(field)
  })

  it('says of the calls behind it how many ring once more', async () => {
    const rung = { person: { id: 'person-1' }, joined_at: null, states: { acknowledged_at: '2026-11-22T02:50:00Z', declined_at: null } }
    const targets = [{ ...rung, step: 0, state: 'acknowledged' }, { ...rung, step: 1, state: 'sent' }]
    await open([PAGE, { ...PAGE, id: 'page2', case_id: 'c2', level: 'stable', step: 1, targets }])
    expect(await screen.findByText(/另有 1 个呼叫，其中 1 个为再次呼叫/)).toBeTruthy()
  })

  it('tells the server that it was delivered and seen', async () => {
    await open()
    hear(item('page', { page_id: 'page1', case_id: 'c1', event: 'referral.offered', level: 'critical' }))
    await screen.findByRole('alertdialog')
    expect(receipts).toEqual(expect.arrayContaining(['page1 delivered', 'page1 seen']))
  })

  it('does not claim to be seen on a hidden page', async () => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    await open()
    hear(item('page', { page_id: 'page1', case_id: 'c1', event: 'referral.offered', level: 'critical' }))
    await screen.findByRole('alertdialog')
    expect(receipts).not.toContain('page1 seen')
  })

  it('goes to the case once the acknowledgement is recorded', async () => {
    const { router } = await open([PAGE])
    const send = vi.fn().mockResolvedValue({})
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ send } as never)
    await userEvent.setup().click(await screen.findByRole('button', { name: '应答并打开' }))
    await waitFor(() => expect(router.currentRoute.value.path).toBe('/cases/c1'))
    expect(submission).toHaveBeenCalledWith('/api/pages/page1/acknowledge')
    expect(screen.queryByRole('alertdialog')).toBeNull()
  })

  it('keeps ringing when the acknowledgement was not recorded', async () => {
    const { router } = await open([PAGE])
    vi.spyOn(api, 'submission').mockReturnValue({ send: () => Promise.reject(Problem.from('network')) } as never)
    await userEvent.setup().click(await screen.findByRole('button', { name: '应答并打开' }))
    expect(await screen.findByText('client.network')).toBeTruthy()
    expect(router.currentRoute.value.path).toBe('/board')
    expect(screen.getByRole('alertdialog')).toBeTruthy()
  })

  it('falls silent when a colleague was faster, or I answered elsewhere', async () => {
    await open([PAGE])
    await screen.findByRole('alertdialog')
    hear(item('page_update', { page_id: 'page1', person_id: 'somebody', state: 'seen' }))
    expect(screen.queryByRole('alertdialog')).toBeTruthy()
    hear(item('page_update', { page_id: 'page1', person_id: 'somebody', state: 'acknowledged', page_state: 'acknowledged' }, 2))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull())
  })

  it('asks for a reason before declining', async () => {
    await open([PAGE])
    const send = vi.fn().mockResolvedValue({})
    vi.spyOn(api, 'submission').mockReturnValue({ send } as never)
    const user = userEvent.setup()
    await user.click(await screen.findByRole('button', { name: '不能应答…' }))
    await user.click(screen.getByRole('button', { name: '手术中' }))
    expect(send).toHaveBeenCalledWith({ reason: 'in_surgery' })
  })
})
