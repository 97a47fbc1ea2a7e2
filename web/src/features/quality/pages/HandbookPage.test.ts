import { fireEvent, screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { bodyOf, byCode, draftFrom, matching, readable } from '../handbook'
import type { DefinitionVersion } from '../types'
import HandbookPage from './HandbookPage.vue'

type Definition = DefinitionVersion['definition']

const text = (zh: string) => ({ zh, en: '' })

function version(id: string, code: string, change: Partial<DefinitionVersion> = {}, said: Partial<Definition> = {}): DefinitionVersion {
  const definition = {
    code, version: 1, valid_from: '2026-01-01', valid_to: null, standing: 'candidate', aspect: 'system', levels: ['county'], unit: 'percent', direction: 'higher', kind: 'share', national_no: null,
    confidence: 'I', to_be_verified: true, source: '本平台的建议', data_source: '平台数据', name: text(`指标 ${code}`), definition: text('含义'), population: text('人群'),
    numerator: null, denominator: null, exclusions: { zh: [], en: [] }, aim: null, target: null, baseline: null, weight: null, interval: null,
    measure: { kind: 'share', of: 'cases', met: [{ reached: 'accepted' }], where: [], place: 'origin' }, ...said,
  } as unknown as Definition
  return { id, origin: 'shipped', definition, counts: true, added_by: null, added_at: '2026-11-01T00:00:00Z', verification: null, may_verify: true, waits: false, withdrawn: false, may_withdraw: false, ...change }
}

const VERSIONS = [
  version('v1', 'accepted'),
  version('v0', 'accepted', { counts: false, added_at: '2025-11-01T00:00:00Z' }),
  version('w1', 'coverage', {}, { to_be_verified: false, standing: 'national', national_no: 4 }),
]

async function show(roles: ('system_admin' | 'commission')[] = ['system_admin']) {
  const page = defineComponent({ render: () => h('main', [h(HandbookPage)]) })
  const answers = { '/api/quality/definitions': { may_enter: roles.includes('system_admin'), versions: VERSIONS } }
  const view = await renderPage(page, { path: '/x', answers, roles })
  await screen.findByText('指标 accepted')
  return view
}

describe('the handbook', () => {
  it('has one entry a code, what counts first, its other versions behind one click', () => {
    const entries = byCode(VERSIONS)
    expect(entries.map(({ code, shown, others }) => [code, shown.id, others.map((one) => one.id)])).toEqual([['accepted', 'v1', ['v0']], ['coverage', 'w1', []]])
    expect(matching(entries, 'COVER', false).map(({ code }) => code)).toEqual(['coverage'])
    expect(matching(entries, '', true).map(({ code }) => code)).toEqual(['accepted'])
  })

  it('is searched, narrowed to what is to be verified, and accessible', async () => {
    const { container } = await show()
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('checkbox'))
    await waitFor(() => expect(screen.queryByText('指标 coverage')).toBeNull())
    await userEvent.type(screen.getByRole('searchbox'), '没有')
    await waitFor(() => expect(screen.queryByText('指标 accepted')).toBeNull())
  })

  it('shows beside what counts what waits for a second person', async () => {
    const waiting = version('v2', 'accepted', { origin: 'entered', counts: false, waits: true, may_withdraw: true, added_at: '2026-11-20T00:00:00Z' }, { version: 2 })
    expect(byCode([...VERSIONS, waiting])[0]).toMatchObject({ shown: { id: 'v1' }, waiting: [{ id: 'v2' }], others: [{ id: 'v0' }] })
    const taken = version('v3', 'accepted', { origin: 'entered', counts: false, withdrawn: true })
    expect(byCode([...VERSIONS, taken])[0]?.others.map((one) => one.id)).toContain('v3')
  })

  it('lets only an administrator enter versions', async () => {
    await show(['commission'])
    expect(screen.queryByRole('button', { name: /录入/ })).toBeNull()
    expect(screen.getAllByRole('button', { name: /核实/ }).length).toBeGreaterThan(0)
  })

  it('verifies with the document that was compared', async () => {
    await show(['commission'])
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send: vi.fn().mockResolvedValue({}) } as never)
    await userEvent.click(screen.getAllByRole('button', { name: /核实/ })[0] as HTMLElement)
    const dialog = await screen.findByRole('dialog')
    const send = submission.mock.results.at(-1)?.value.send as ReturnType<typeof vi.fn>
    await userEvent.type(within(dialog).getByRole('textbox'), '国卫办妇幼发〔2021〕20号 附件')
    await fireEvent.submit(dialog.querySelector('form') as HTMLFormElement)
    await waitFor(() => expect(send).toHaveBeenCalledWith({ document: '国卫办妇幼发〔2021〕20号 附件' }))
    expect(submission.mock.calls[0]?.[0]).toBe('/api/quality/definitions/v1/verify')
  })
})

describe('a version that is entered', () => {
  it('replaces the one that it began from and keeps its measure', () => {
    const draft = draftFrom(VERSIONS[0] as DefinitionVersion, '2027-01-01')
    expect(bodyOf({ ...draft, source: '附件', low: '0.9', weight: '3' }, VERSIONS[0] as DefinitionVersion)).toMatchObject({
      code: 'accepted', replaces: 'v1', valid_from: '2027-01-01', standing: 'national', measure: { kind: 'share' }, weight: 3,
      baseline: { low: 0.9, high: null, confidence: 'S', source: '附件' },
    })
  })

  it('says all that a definition says: target, who is left out, its last day', () => {
    const from = version('v5', 'coverage', {}, { valid_to: '2027-01-01', exclusions: { zh: ['演练', '作废'], en: ['drills', 'voided'] }, target: { seconds: null, text: { zh: '100%', en: '100 %' }, source: '', confidence: 'V', to_be_verified: false } })
    const draft = draftFrom(from, '2026-07-01')
    expect(draft).toMatchObject({ last_day: '2026-12-31', aim: '100%', exclusions: '演练\n作废' })
    expect(bodyOf(draft, from)).toMatchObject({ valid_to: '2027-01-01', aim: { zh: '100%', en: '100 %' }, exclusions: [{ zh: '演练', en: 'drills' }, { zh: '作废', en: 'voided' }] })
    const changed = { ...draft, last_day: '', aim: '≥95%', exclusions: '作废\n\n 转出 ' }
    expect(bodyOf(changed, from)).toMatchObject({ valid_to: null, aim: { zh: '≥95%', en: '' }, exclusions: [{ zh: '作废', en: 'voided' }, { zh: '转出', en: '' }] })
    const timedOne = { ...draft, measure: '{"kind": "interval", "clock": {"set": "ddi", "version": 1, "interval": "x"}}' }
    expect(bodyOf(timedOne, from)).toMatchObject({ aim: null })
  })

  it('may be computed another way, in the closed vocabulary', () => {
    const from = VERSIONS[0] as DefinitionVersion
    const draft = { ...draftFrom(from, '2027-01-01'), measure: '{"kind": "count", "of": "cases"}', numerator: '' }
    expect(bodyOf(draft, from)).toMatchObject({ measure: { kind: 'count', of: 'cases' }, numerator: null })
    expect([readable('{"kind"'), readable('3'), readable(''), readable(draft.measure)]).toEqual([false, false, true, true])
  })

  it('of a new code says which data it awaits', () => {
    const draft = { ...draftFrom(null, '2027-01-01'), code: 'annex_18', awaits: '病案首页' }
    expect(bodyOf(draft, null)).toMatchObject({ replaces: null, measure: { kind: 'elsewhere', awaits: { zh: '病案首页', en: '' } }, baseline: null })
  })
})
