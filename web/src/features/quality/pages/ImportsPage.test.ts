import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { ImportReport, Imports } from '../types'
import ImportsPage from './ImportsPage.vue'

const IMPORTS: Imports = {
  sheets: [{
    code: 'front_pages', no: 1, name: { zh: '住院病案首页（分娩）', en: 'Front pages' }, confidence: 'B', to_be_verified: true,
    columns: [{ heading: '病案号', kind: 'key', optional: false, kept: true, low: null, high: null, words: [] }],
    checks: [{ code: 'x', severity: 'contradiction', says: { zh: '出院日期早于入院日期', en: 'order' }, source: '平台自拟', confidence: 'I', to_be_verified: true }],
  }],
  batches: [{
    id: 'b1', sheet: 'front_pages', facility: { id: 'f1', short_name: '云江县妇保' }, file_name: '二月.csv', added_by: null, added_at: '2026-03-01T00:00:00Z', rows: 90, taken: 88, warnings: 3,
  }],
}
const REPORT: ImportReport = {
  batch_id: null, sheet: 'front_pages', rows: 3, fresh: 1, replacing: 1, unchanged: 0, refused: 1, missing_headings: [], unknown_headings: ['备注'],
  complaints: [{ row: 2, heading: '孕周', trouble: 'not_a_number' }],
  doubts: [{ row: 3, check: 'x', severity: 'unusual', says: { zh: '请核对出血量', en: 'compare' } }], doubted: 1,
}

async function show(roles: ('coordinator' | 'commission')[] = ['coordinator']) {
  const page = defineComponent({ render: () => h('main', [h(ImportsPage)]) })
  return renderPage(page, { path: '/x', answers: { '/api/quality/imports': IMPORTS }, roles })
}

describe('bringing a file', () => {
  it('tries it first, says what is wrong row by row, and takes it when told to', async () => {
    const send = vi.fn().mockResolvedValue(REPORT)
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const { container } = await show()
    await userEvent.upload(await screen.findByLabelText(/选择文件/), new File(['病案号\nA1\n'], '三月.csv', { type: 'text/csv' }))
    expect(await screen.findByText(/孕周：不是可识别的数/)).toBeTruthy()
    expect(screen.getByText(/请核对出血量/)).toBeTruthy()
    expect(screen.getByText(/列未使用：备注/)).toBeTruthy()
    expect(send).toHaveBeenLastCalledWith({ sheet: 'front_pages', facility_id: 'f1', file_name: '三月.csv', content: '病案号\nA1\n', dry_run: true })
    expect(await axeViolations(container)).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: '导入 2 行' }))
    await waitFor(() => expect(send).toHaveBeenLastCalledWith(expect.objectContaining({ dry_run: false })))
  })

  it('takes nothing where headings are missing', async () => {
    const send = vi.fn().mockResolvedValue({ ...REPORT, rows: 0, fresh: 0, replacing: 0, refused: 0, missing_headings: ['分娩日期'], complaints: [], doubts: [] })
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    await show()
    await userEvent.upload(await screen.findByLabelText(/选择文件/), new File(['x'], 'x.csv', { type: 'text/csv' }))
    expect(await screen.findByText(/缺少必需的列：分娩日期/)).toBeTruthy()
    expect((screen.getByRole('button', { name: '导入 0 行' }) as HTMLButtonElement).disabled).toBe(true)
  })

  it('is for those who bring files; others see what was taken', async () => {
    await show(['commission'])
    expect(await screen.findByText('二月.csv')).toBeTruthy()
    expect(screen.queryByLabelText(/选择文件/)).toBeNull()
  })
})
