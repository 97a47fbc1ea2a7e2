import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { Problem } from '@/api/problem'
import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { aClock, aPage, aReferral, anAction } from '../fixtures'
import CasePage from './CasePage.vue'

async function open(referral: unknown = aReferral(), at = '/cases/c1', roles: Parameters<typeof renderPage>[1]['roles'] = ['expert']) {
  return renderPage(CasePage, {
    path: '/cases/:id',
    at,
    roles,
    answers: {
      '/api/referrals/c1': referral,
      '/api/cases/c1/pages': [aPage()],
      '/api/cases/c1/clock': aClock(),
      '/api/cases/c1/advice': [],
      '/api/ctg/recordings': [],
      '/api/conditions': [{ code: 'pph', zh: '产后出血', en: 'PPH' }],
      '/api/facilities': [],
    },
  })
}

/** Captures what a clinical write sends and answers it. */
function answerWrites(answer: unknown) {
  const sent: { path: string; method: string; body: unknown }[] = []
  vi.spyOn(api, 'submission').mockImplementation((path, key, method = 'POST') => {
    const send = (body: unknown) => {
      sent.push({ path, method, body })
      return answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer)
    }
    return { key: key ?? 'k', send } as never
  })
  return sent
}

describe('the case page', () => {
  it('has no accessibility violations', async () => {
    const { container } = await open()
    await screen.findByRole('heading', { name: '产后出血' })
    await screen.findByText('杜静禾')
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('asks for nothing that a health commission may not read', async () => {
    const view = await open(aReferral(), '/cases/c1', ['commission'])
    await screen.findByRole('heading', { name: '产后出血' })
    const asked = view.get.mock.calls.map(([path]) => String(path))
    expect(asked).toContain('/api/cases/c1/clock')
    expect(asked.filter((path) => /ctg|links|dossier|advice/.test(path))).toEqual([])
  })

  it('says first what is worst, who waits for whom, and what can be done', async () => {
    await open()
    expect(await screen.findByRole('heading', { name: '产后出血' })).toBeTruthy()
    expect(screen.getByText('未答复是否接收')).toBeTruthy()
    expect(screen.getByText(/演练/)).toBeTruthy()
    const actions = within(screen.getByRole('region', { name: '可进行的操作' }))
    expect(actions.getAllByRole('button').map((b) => b.textContent?.trim())[0]).toBe('接收')
  })

  it('offers nothing that the server does not', async () => {
    await open(aReferral({ allowed: [], my_side: 'observer', to_act: false }))
    await screen.findByText(/目前没有可进行的操作/)
    expect(screen.queryByRole('button', { name: '接收' })).toBeNull()
  })

  it('sends the version and only what was entered, then shows the answer', async () => {
    const sent = answerWrites(aReferral({ version: 5, state: 'committed', allowed: [] }))
    await open()
    const user = userEvent.setup()
    await user.click(await screen.findByRole('button', { name: '接收' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: '接收' }))
    expect(await screen.findByText(/还需填写/)).toBeTruthy()
    expect(sent).toEqual([])
    await user.type(screen.getByLabelText(/^床位/), '产科 3 床')
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: '接收' }))
    expect(sent).toEqual([{ path: '/api/offers/offer1/actions/accept', method: 'POST', body: { version: 4, bed: '产科 3 床' } }])
    expect(await screen.findByText('已确定去向')).toBeTruthy()
  }, 20_000)

  it('shows a refusal with its reason and keeps the input', async () => {
    const taken = { code: 'referral.already_accepted', zh: { title: '已被其他单位接收', detail: '省妇幼已接收' } }
    answerWrites(new Problem(taken, 409))
    await open(aReferral(), '/cases/c1?act=offer.ask&target=offer1')
    const user = userEvent.setup()
    const field = await screen.findByLabelText(/^问题/)
    await user.type(field, '出血量？')
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: '询问…' }))
    expect(await screen.findByText(/已被其他单位接收/)).toBeTruthy()
    expect(screen.getByText('referral.already_accepted')).toBeTruthy()
    expect((screen.getByLabelText(/^问题/) as HTMLTextAreaElement).value).toBe('出血量？')
  }, 20_000)

  it('takes a one-touch action without a dialog', async () => {
    const sent = answerWrites(aReferral({ version: 5 }))
    await open(aReferral({ allowed: [anAction('offer.acknowledge', { primary: true })] }))
    await userEvent.setup().click(await screen.findByRole('button', { name: '应答' }))
    expect(sent).toEqual([{ path: '/api/offers/offer1/actions/acknowledge', method: 'POST', body: { version: 4 } }])
  })

  it('says what is wrong when the case is not there', async () => {
    await open(new Problem({ code: 'kernel.not_found' }, 404))
    expect(await screen.findByText('kernel.not_found')).toBeTruthy()
  })
})
