import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { aCase, aProposal, aReview, anOwed, lists, reviews } from '../fixtures'
import FeedbackPage from './FeedbackPage.vue'
import ReviewsPage from './ReviewsPage.vue'

const ROUTES = [
  { path: '/feedback', name: 'feedback' },
  { path: '/reviews', name: 'reviews' },
  { path: '/cases/:id', name: 'case' },
]
const CATALOGUES = { '/api/conditions': [{ code: 'pph', zh: '产后出血', en: 'PPH' }], '/api/facilities': [] }

function open(page: 'feedback' | 'reviews', answer: unknown) {
  return renderPage(page === 'feedback' ? FeedbackPage : ReviewsPage, {
    path: '/here',
    routes: ROUTES,
    answers: { [`/api/${page}`]: answer, ...CATALOGUES },
  })
}

function answerWrites(answer: unknown) {
  const sent: { path: string; body: unknown }[] = []
  vi.spyOn(api, 'submission').mockImplementation((path, key) => {
    const send = (body: unknown) => {
      sent.push({ path, body })
      return Promise.resolve(answer)
    }
    return { key: key ?? 'k', send } as never
  })
  return sent
}

describe('feedback due', () => {
  it('says whose it is, how late, who was reminded how often, and that the limit is unverified', async () => {
    const { container } = await open('feedback', lists({ owed: [anOwed(), anOwed({ case: aCase({ id: 'c2', number: 'R2' }), ours: false, reminded: 0 })] }))
    const ours = within(await screen.findByRole('region', { name: '我方待反馈' }))
    expect(ours.getByText(/超时/)).toBeTruthy()
    expect(ours.getByText(/已提醒 2 次/)).toBeTruthy()
    expect(ours.getByText(/杜静禾/)).toBeTruthy()
    expect(ours.getByRole('link', { name: '填写结局与反馈' }).getAttribute('href')).toContain('/cases/c1')
    const theirs = within(screen.getByRole('region', { name: '等待对方反馈' }))
    expect(theirs.queryByRole('link', { name: '填写结局与反馈' })).toBeNull()
    expect(screen.getByText(/待核实/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('has an empty state', async () => {
    await open('feedback', lists())
    expect(await screen.findByText('没有待反馈的病例')).toBeTruthy()
  })
})

describe('reviews', () => {
  it('puts what is late first and marks rules that nobody has verified', async () => {
    const done = aReview({ id: 'r2', status: 'reported', who: 'fetus' })
    const { container } = await open('reviews', reviews({ deaths: [done, aReview()], near_misses: [aProposal()] }))
    const cards = await screen.findAllByRole('article')
    expect(within(cards[0] as HTMLElement).getByText(/孕产妇死亡/)).toBeTruthy()
    expect(within(cards[0] as HTMLElement).getByText(/已提醒 3 次/)).toBeTruthy()
    expect(screen.getAllByText(/◇ 待核实/).length).toBeGreaterThan(0)
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('a step is recorded with its reference', async () => {
    const sent = answerWrites({ reviews: [], near_miss: [], unknown: [], ruleset: '', may_enter: false })
    await open('reviews', reviews({ deaths: [aReview()] }))
    const user = userEvent.setup()
    await user.click(await screen.findByRole('button', { name: /登记完成…/ }))
    await user.type(screen.getByLabelText('文号或说明'), '县妇保〔2026〕3 号')
    await user.click(screen.getByRole('button', { name: '登记完成' }))
    expect(sent[0]?.path).toBe('/api/reviews/r1/steps/report_county_mch/report')
    expect(sent[0]?.body).toEqual({ reference: '县妇保〔2026〕3 号' })
  }, 20_000)

  it('a proposal is refused only with a reason, and is none after a death', async () => {
    const sent = answerWrites({ reviews: [], near_miss: [], unknown: [], ruleset: '', may_enter: false })
    const gone = aProposal({ id: 'n2', case: aCase({ state: 'died' }), may_decide: false })
    await open('reviews', reviews({ near_misses: [aProposal(), gone] }))
    const user = userEvent.setup()
    expect((await screen.findAllByRole('article')).length).toBe(1)
    await user.click(screen.getByRole('button', { name: /^否定/ }))
    expect((screen.getByRole('button', { name: '否定' }) as HTMLButtonElement).disabled).toBe(true)
    await user.type(screen.getByLabelText('否定的理由'), '血制品为预防性输注')
    await user.click(screen.getByRole('button', { name: '否定' }))
    expect(sent).toEqual([{ path: '/api/near-misses/n1/verdict', body: { verdict: 'rejected', reason: '血制品为预防性输注' } }])
  }, 20_000)
})
