import { fireEvent, screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { RuleVersion } from '../types'
import RulesPage from './RulesPage.vue'

const CONTENT = {
  version: '2026-11', deadline: [{ code: 'self_check', month: 1, day: 31, name: { zh: '机构自查', en: '' }, source: '方案', confidence: 'V' }], aspect: [], on_site: [], weight: [],
  reminders: { days: [3], confidence: 'I', source: 'x' },
}
const NOBODY = { added_by: null, verified_by: null, verified_at: null, document: null, changes: [], may_verify: false, may_withdraw: false, withdrawn: false, waits: false }
const SHIPPED = {
  id: 's', kind: 'round', label: '2026-11', origin: 'shipped', region: null, valid_from: null, valid_to: null, source: '', content: CONTENT, added_at: '2026-11-01T00:00:00Z', counts: true,
  counts_in: ['r'], ...NOBODY,
} as RuleVersion
const WAITING = {
  ...SHIPPED, id: 'w', label: '99-1', origin: 'entered', region: { id: 'r', name: '云岚省' }, valid_from: '2026-12-01', source: '省方案', counts: false, counts_in: [], waits: true, may_verify: true,
  changes: [{ part: 'deadline', code: 'self_check', name: '机构自查', how: 'changed', fields: [{ field: 'month', before: '1', after: '2' }] }],
} as RuleVersion

async function show() {
  const page = defineComponent({ render: () => h('main', [h(RulesPage)]) })
  const answers = { '/api/quality/rules': { regions: [{ id: 'r', name: '云岚省' }], kinds: [{ code: 'round', zh: '年度评估规则', en: '', versions: [WAITING, SHIPPED] }] } }
  const view = await renderPage(page, { path: '/x', answers, roles: ['commission'] })
  await screen.findByText(/99-1/)
  return view
}

describe("regions' own rules", () => {
  it('show what counts, what waits and what it changes, accessibly', async () => {
    const { container } = await show()
    expect(screen.getByRole('list', { name: '变化' }).textContent).toMatch(/修改.*机构自查.*月.*1.*→.*2/)
    expect(screen.getAllByText(/待核实，尚未生效/).length).toBeGreaterThan(0)
    expect(await axeViolations(container)).toEqual([])
  })

  it('are looked at before they are handed in', async () => {
    await show()
    await userEvent.click(screen.getByRole('button', { name: '录入本地区版本' }))
    const sent = vi.fn().mockResolvedValue({ against: '2026-11', changes: WAITING.changes })
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send: sent } as never)
    expect(screen.queryByRole('button', { name: '提交，待核实' })).toBeNull()
    await userEvent.type(screen.getByLabelText('依据的文件'), '省方案')
    await fireEvent.submit(document.querySelector('form.editor') as HTMLFormElement)
    await waitFor(() => expect(screen.getByRole('button', { name: '提交，待核实' })).toBeTruthy())
    expect(submission.mock.calls.at(-1)?.[0]).toBe('/api/quality/rules/preview')
    expect(sent.mock.calls[0]?.[0]).toMatchObject({ kind: 'round', region_id: 'r', replaces: '2026-11', source: '省方案', content: CONTENT })
    await userEvent.type(screen.getByLabelText('依据的文件'), ' 二')
    await waitFor(() => expect(screen.queryByRole('button', { name: '提交，待核实' })).toBeNull())
  })
})
