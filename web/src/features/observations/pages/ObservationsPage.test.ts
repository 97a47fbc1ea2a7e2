import userEvent from '@testing-library/user-event'
import { screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import ObservationsPage from './ObservationsPage.vue'

const NOW = new Date().toISOString()
const LATER = new Date(Date.now() + 3_600_000).toISOString()

function item(code: string, zh: string, unit: string): object {
  return { code, zh, en: code, group: 'vital', kind: 'number', units: [{ code: unit, shown: unit }], decimals: 0, plausible: [0, 320], caution: [90, 139], words: [], of: ['mother'], fresh_minutes: 240, loinc: null, source: '', confidence: 'I', verify: true }
}

function reading(id: string, source: string, changes: object = {}): object {
  return { id, code: 'sbp_mmhg', number: 166, word: null, unit: 'mmHg', raw_value: '166', raw_unit: 'mmHg', taken_at: NOW, entered_at: NOW, fresh_until: LATER, source, subject: 'mother', caution: true, may_void: source === 'human', by: null, facility: null, device: source === 'home' ? 'SN-1' : null, voided: null, ...changes }
}

async function open() {
  return renderPage(ObservationsPage, {
    path: '/pregnancies/:id/observations',
    at: '/pregnancies/p1/observations',
    routes: [{ path: '/observations/try', name: 'observations-try' }],
    roles: ['expert'],
    answers: {
      '/api/observation-catalogue': { version: '1', items: [item('sbp_mmhg', '收缩压', 'mm[Hg]')] },
      '/api/warning-rulesets': [{ code: 'meows_cemach', zh: 'MEOWS', en: 'MEOWS', tiers: [{ code: 'red', at_least: 1, zh: '红色', en: 'red' }], limits: [], advice: [] }],
      '/api/pregnancies/p1/observations': { begin: NOW, end: LATER, observations: [reading('a', 'human'), reading('b', 'home')], latest: [reading('a', 'human')] },
      '/api/pregnancies/p1/warnings': {
        at: NOW,
        tools: [
          { tool: 'meows_cemach', version: 1, zh: 'MEOWS', en: 'MEOWS', state: 'triggered', known: 1, total: 2, fired: [{ item: 'x', tier: 'red', zh: '收缩压', en: 'x', since: NOW, confidence: 'B', verify: true, seen: [{ code: 'sbp_mmhg', number: 166, word: null, taken_at: NOW }] }], missing: [{ code: 'rr_per_min', why: 'never' }], score: null, source: 's', confidence: 'B', verify: true },
          { tool: 'shock_index', version: 1, zh: '休克指数', en: 'x', state: 'unknown', known: 0, total: 1, fired: [], missing: [{ code: 'sbp_mmhg', why: 'stale' }], score: null, source: 's', confidence: 'S', verify: false },
        ],
      },
      '/api/pregnancies/p1/devices': { devices: [], refused: [] },
      '/api/devices': [],
    },
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

describe('the page of all readings', () => {
  it('has no accessibility violations', async () => {
    const { container } = await open()
    await screen.findByText('院内记录')
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('says of each tool what fired and what is missing, in words and shapes', async () => {
    await open()
    const strip = within(await screen.findByRole('list', { name: '早期预警' }))
    const [meows, shock] = strip.getAllByRole('listitem')
    expect(meows?.textContent).toMatch(/▲\s*触发.*MEOWS.*待核实.*红色.*收缩压 166.*缺：rr_per_min/s)
    expect(shock?.textContent).toMatch(/\?\s*资料不足.*收缩压（已过时）/s)
  })

  it('keeps readings at home apart from those of the house', async () => {
    await open()
    expect(await screen.findByRole('heading', { name: /院内记录 1/ })).toBeTruthy()
    expect(screen.getByRole('heading', { name: /居家设备 1/ })).toBeTruthy()
  })

  it('records by keyboard what can be, and says inline what cannot', async () => {
    const sent = answerWrites({ ids: ['n'], latest: [], newly: [] })
    await open()
    const field = await screen.findByRole('textbox', { name: /收缩压/ })
    await userEvent.type(field, '999{Enter}')
    expect(screen.getByText('不可能：应在 0–320')).toBeTruthy()
    expect(sent).toEqual([])
    await userEvent.clear(field)
    await userEvent.type(field, '150{Enter}')
    expect(sent).toEqual([
      { path: '/api/pregnancies/p1/observations', body: { entries: [{ code: 'sbp_mmhg', number: 150, unit: 'mm[Hg]' }], case_id: null, drill: false } },
    ])
    expect(await screen.findByText(/已记录/)).toBeTruthy()
  })

  it('marks a reading as an error with a reason', async () => {
    const sent = answerWrites({ ids: ['a'], latest: [], newly: [] })
    await open()
    await userEvent.click(await screen.findByRole('button', { name: '误录' }))
    await userEvent.click(await screen.findByText('单位错'))
    await userEvent.click(screen.getByRole('button', { name: '确认误录' }))
    expect(sent).toEqual([{ path: '/api/pregnancies/p1/observations/a/void', body: { reason: 'wrong_unit', note: null } }])
  })
})
