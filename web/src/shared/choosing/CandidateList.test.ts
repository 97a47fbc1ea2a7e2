import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { defineComponent, h, ref } from 'vue'

import type { Choice, Choices } from '@/api/resources'
import { i18n } from '@/shared/i18n'
import { axeViolations, renderPage } from '@/testing/page'

import CandidateList from './CandidateList.vue'

const choice = (id: string, changes: Partial<Choice> = {}): Choice => ({
  rank: 1, suitable: true, designated: false, asked_first: false, minutes: 45, region_name: '云江市', contacts: [],
  facility: { id, name: id, short_name: id, tier: 'city' },
  reasons: [{ code: 'distance', favourable: true, km: 39, minutes: 45 }],
  ...changes,
})
const list: Choices = {
  part: 'mother', cots: 1, parallel: true, version: 'v', source: 's', confidence: 'I', status: '待核实', server_time: '2026-11-25T10:00:00Z', case_id: null,
  candidates: [
    choice('一院', { asked_first: true, reasons: [{ code: 'designated', favourable: true }, { code: 'places_free', favourable: true, kind: 'nicu_cot', needed: 2, free: 3, held: 1, age_minutes: 40 }] }),
    choice('二院', { rank: 2, reasons: [{ code: 'places_stale', favourable: false, kind: 'nicu_cot', needed: 2, age_minutes: 300 }] }),
    choice('三院', { rank: 3, suitable: false, reasons: [{ code: 'diverted', favourable: false, said: '手术间检修', until: '2026-11-25T14:00:00Z' }] }),
    choice('四院', { rank: 4, suitable: false, reasons: [{ code: 'answer_asked', favourable: false }] }),
  ],
}
const kinds = { version: 'v', source: 's', confidence: 'I', status: '', diversion_max_hours: 24, capabilities: [], kinds: [{ code: 'nicu_cot', zh: 'NICU 床位', en: 'NICU cots', group: 'beds', unit: 'cot', hold: 'neonatal_cot', subkeys: [], stale_minutes: 240 }] }

function show(several: boolean) {
  const picked = ref<string[]>([])
  const page = defineComponent({
    render: () => h(CandidateList, { path: '/api/choose', query: {}, scope: 'x', several, modelValue: picked.value, 'onUpdate:modelValue': (ids: string[]) => (picked.value = ids) }),
  })
  return renderPage(page, { path: '/choose', answers: { '/api/choose': list, '/api/resources/catalogue': kinds } }).then((view) => ({ view, picked }))
}

describe('where she could go', () => {
  it('says why for and why against, and marks what nobody knows', async () => {
    const { view } = await show(true)
    expect(await view.findByText(/责任片区救治中心/)).toBeTruthy()
    expect(await view.findByText(/NICU 床位可用 2，需要 2，已留 1（40 分前填报）/)).toBeTruthy()
    expect(view.getByText(/NICU 床位未知：5 小时 00 分前填报，已超时限/).textContent).toContain('未知')
    expect(view.getByText(/已公告分流至 .*手术间检修/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('never shows a number that is too old', async () => {
    const { view } = await show(true)
    const stale = (await view.findByText(/已超时限/)).textContent ?? ''
    expect(stale).not.toMatch(/可用/)
  })

  it('lets a person take an unsuitable house, but not ask the same house twice', async () => {
    const { view, picked } = await show(true)
    await userEvent.click(await view.findByLabelText(/三院/))
    await userEvent.click(view.getByLabelText(/一院/))
    expect(picked.value).toEqual(['三院', '一院'])
    expect(view.getByLabelText<HTMLInputElement>(/四院/).disabled).toBe(true)
  })

  it('takes one where only one can be taken', async () => {
    const { view, picked } = await show(false)
    await userEvent.click(await view.findByLabelText(/一院/))
    await userEvent.click(view.getByLabelText(/二院/))
    expect(picked.value).toEqual(['二院'])
  })

  it('has words for every reason the rules give', () => {
    const codes = ['origin', 'answer_asked', 'answer_accepted', 'answer_declined', 'answer_redirected', 'answer_expired', 'answer_withdrawn', 'diverted', 'tier_low', 'lacks', 'designated', 'distance_unknown', 'distance', 'load', 'capability_unknown', 'can', 'cannot', 'places_free', 'places_full', 'places_stale', 'places_never']
    expect(codes.filter((code) => !i18n.global.te(`choosing.reason.${code}`))).toEqual([])
  })
})
