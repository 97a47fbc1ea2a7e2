import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Detail, Measure, Pack, Review, Rules } from '../types'
import ReviewListPage from './ReviewListPage.vue'
import ReviewPage from './ReviewPage.vue'
import StatisticsPage from './StatisticsPage.vue'

const term = (code: string, zh: string) => ({ code, zh, en: code, source: '测试', confidence: 'B' as const, to_be_verified: true, kinds: ['maternal_death'], who: 'mother' })
const cell = (code: string, zh: string) => ({ code, zh, en: code })
const RULES: Rules = {
  version: 'test',
  kinds: [cell('maternal_death', '孕产妇死亡评审')],
  levels: [cell('facility', '院内评审')],
  links: [cell('family', '个人家庭'), cell('health', '医疗保健部门'), cell('society', '其他部门')],
  aspects: [cell('knowledge', '知识技能'), cell('attitude', '态度'), cell('resources', '资源'), cell('management', '管理')],
  conclusions: [term('avoidable', '可避免'), term('unavoidable', '不可避免')],
  delays: [term('receiving', '第三延误')],
  causes: [term('haemorrhage', '产科出血')],
  dismissals: [term('held_elsewhere', '由其他机构评审')],
  rules: [{ topic: 'grid', kind: null, level: null, zh: '十二格表', en: 'Twelve cells', source: '测试', confidence: 'B', to_be_verified: true }],
  quorum: 3,
}
const person = { id: 'p1', name: '林静禾', title: '主任医师', specialty: 'obstetrics', facility_id: 'f1' }
const house = { id: 'f1', name: '清江市妇幼', short_name: '清江妇幼', tier: 'city' }
const at = '2026-11-22T03:00:00Z'
const aReview = (over: Partial<Review> = {}): Review => ({
  id: 'r1', case_number: 'R1', kind: 'maternal_death', level: 'facility', facility: house, happened_at: at, state: 'held', due_at: at, overdue: true,
  held_at: at, conclusion: null, measures: 0, measures_open: 0, demo: false, version: 5, convenes: true, allowed: ['find', 'vote', 'conclude'], ...over,
})
const aMeasure = (over: Partial<Measure> = {}): Measure => ({
  id: 'm1', review_id: 'r1', finding_id: null, words: '大量输血演练', owner: person, due_on: '2026-11-30', overdue: false, state: 'open', evidence: null,
  done_at: null, note: null, ended_at: null, ended_by: null, version: 1, allowed: ['report'], ...over,
})
const aDetail = (over: Partial<Detail> = {}): Detail => ({
  review: aReview(), rules: 'test', opened_at: at, opened_by: person,
  members: [{ person, facility: house, chair: true, recused: null, voted: false, removed: false }, { person: { ...person, id: 'p2', name: '苏云舒' }, facility: house, chair: false, recused: 'treated', voted: false, removed: false }],
  packs: 1, tally: [], my_vote: null, findings: [{ id: 'g1', link: 'health', aspect: 'management', words: '启动晚', by: person, at }],
  cause: null, delays: [], summary: null, concluded_at: null, concluded_by: null, measures: [], dismissal: null, why: null, ended_at: null, viewings: [], ...over,
})
const PACK: Pack = {
  format: '1', woman: { age: '30–34', gestation_days: 266, gravida: 2, para: 1, plurality: 1, risk_colour: 'red', condition: { zh: '产后出血', en: 'PPH' }, acuity: 'critical', outcome: null },
  houses: [{ letter: 'A', tier: 'county' }], reason: '［患者］出血 1500 mL', vitals: [{ name: 'sbp_mmhg', value: 84 }], record: [], values: [],
  timeline: [{ minute: 0, what: { zh: '发出求助', en: 'Request sent' }, house: 'A', late: false, detail: null }], treatments: [],
  clocks: [{ name: { zh: '求助到接收', en: 'x' }, start_minute: 0, elapsed_s: 900, target_s: 600, overdue: true, to_be_verified: true, state: 'stopped' }], readings: [], advice: [],
}
const ROUTES = [{ path: '/case-reviews/:id', name: 'case-review' }, { path: '/case-reviews/statistics', name: 'review-statistics' }, { path: '/reviews', name: 'reviews' }]

function writes(answer: unknown) {
  const sent: { path: string; body: unknown }[] = []
  vi.spyOn(api, 'submission').mockImplementation((path, key) => ({ key: key ?? 'k', send: (body: unknown) => { sent.push({ path, body }); return Promise.resolve(answer) } }) as never)
  return sent
}

describe('the list', () => {
  it('shows what is late and what is mine', async () => {
    const answers = { '/api/case-reviews': [aReview()], '/api/case-reviews/rules': RULES, '/api/case-reviews/measures': [aMeasure()] }
    const { container } = await renderPage(ReviewListPage, { path: '/here', answers, routes: ROUTES })
    expect((await screen.findByRole('link', { name: /孕产妇死亡评审/ })).getAttribute('href')).toContain('/case-reviews/r1')
    expect(await screen.findByText(/已逾期/)).toBeTruthy()
    expect(within(await screen.findByRole('region', { name: '由我负责的整改' })).getByText('大量输血演练')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('has an empty state', async () => {
    const answers = { '/api/case-reviews': [], '/api/case-reviews/rules': RULES, '/api/case-reviews/measures': [] }
    await renderPage(ReviewListPage, { path: '/here', answers, routes: ROUTES })
    expect(await screen.findByText('没有待您处理的评审')).toBeTruthy()
  })
})

it('opens one by hand, of what the house may convene', async () => {
  const sent = writes(aDetail())
  const one = { case_id: 'c1', case_number: 'R9', kind: 'maternal_death', level: 'facility', happened_at: at, due_at: at }
  const answers = { '/api/case-reviews': [], '/api/case-reviews/rules': RULES, '/api/case-reviews/measures': [], '/api/case-reviews/openable': [one] }
  const { container } = await renderPage(ReviewListPage, { path: '/here', answers, routes: ROUTES, roles: ['coordinator'] })
  const user = userEvent.setup()
  await user.click(await screen.findByRole('button', { name: '手工发起评审' }))
  await user.selectOptions(await screen.findByRole('combobox', { name: '病例' }), 'c1 maternal_death facility')
  expect(await axeViolations(container)).toEqual([])
  await user.click(screen.getByRole('button', { name: '发起' }))
  expect(sent).toEqual([{ path: '/api/case-reviews', body: { case_id: 'c1', kind: 'maternal_death', level: 'facility' } }])
}, 20_000)

describe('one review', () => {
  const answers = (detail: Detail) => ({ '/api/case-reviews/r1': detail, '/api/case-reviews/rules': RULES, '/api/case-reviews/r1/pack': PACK })
  const open = (detail: Detail) => renderPage(ReviewPage, { path: '/reviewed/:id', at: '/reviewed/r1', answers: answers(detail), routes: ROUTES })

  it('says who is recused, keeps findings in their cell, opens the pack on request', async () => {
    const { container } = await open(aDetail())
    expect(within(await screen.findByRole('region', { name: '评审组' })).getByText(/回避：参与救治/)).toBeTruthy()
    const row = (await screen.findByRole('rowheader', { name: '医疗保健部门' })).closest('tr') as HTMLElement
    expect(within(row).getAllByRole('cell')[3]?.textContent).toContain('启动晚')
    await userEvent.setup().click(screen.getByRole('button', { name: '阅读资料包' }))
    expect(await screen.findByText('［患者］出血 1500 mL')).toBeTruthy()
    expect(screen.getByText(/超时/)).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('sends a vote', async () => {
    const sent = writes(aDetail({ my_vote: 'avoidable' }))
    await open(aDetail())
    await userEvent.setup().click(await screen.findByRole('button', { name: /^可避免/ }))
    expect(sent).toEqual([{ path: '/api/case-reviews/r1/votes', body: { conclusion: 'avoidable' } }])
  })
})

it('counts hidden below five are said to be', async () => {
  const counts = [{ kind: 'maternal_death', dimension: 'total', code: 'facility', n: 6 }, { kind: 'maternal_death', dimension: 'cause', code: 'haemorrhage', n: null }]
  const answers = { '/api/case-reviews/rules': RULES, '/api/case-reviews/statistics': { first_day: '2026-01-01', last_day: '2026-12-31', counts, hidden_below: 5 } }
  const { container } = await renderPage(StatisticsPage, { path: '/here', answers })
  expect((await screen.findByRole('rowheader', { name: '产科出血' })).nextElementSibling?.textContent).toBe('<5')
  expect(await axeViolations(container)).toEqual([])
}, 20_000)
