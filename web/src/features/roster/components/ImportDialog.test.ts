import { fireEvent, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { renderPage } from '@/testing/page'

import { LIN, ZHOU, aCalendar, aPlan } from '../fixtures'
import type { ImportPreview } from '../types'
import ImportDialog from './ImportDialog.vue'

const line = { where: 'C4', name: '林晓岚', slot_id: 's1', from: '2027-02-05T00:00:00Z', to: '2027-02-06T00:00:00Z', person: LIN, problem: null }
const stranger = { ...line, where: 'C5', name: '老周', from: '2027-02-06T00:00:00Z', to: '2027-02-07T00:00:00Z', person: null, problem: 'name_unknown' }
const preview: ImportPreview = { digest: 'd'.repeat(64), lines: [line, stranger], troubles: [{ where: 'A6', reason: 'date_unreadable', said: '明天' }], unknown: ['老周'] }
const group = aCalendar().groups[0]
const candidates = [LIN, ZHOU].map((person) => ({ person, specialty: 'obstetrics', qualifications: [] }))

function show(answers: (ImportPreview | Problem | { id: string; version: number; written: number })[]) {
  const paths: string[] = []
  vi.spyOn(api, 'upload').mockImplementation((path) => {
    paths.push(path)
    const answer = answers.shift()
    return { send: () => (answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer)) } as never
  })
  const page = { components: { ImportDialog }, setup: () => ({ plan: aPlan(), group, candidates }), template: '<ImportDialog :plan="plan" :group="group" :candidates="candidates" />' }
  return renderPage(page as never, { path: '/', answers: {}, roles: ['coordinator'] }).then((view) => ({ ...view, paths }))
}

async function choose(view: { getByLabelText(text: string): HTMLElement }, name: string): Promise<void> {
  const input = view.getByLabelText('选择文件')
  Object.defineProperty(input, 'files', { value: [new File(['x'], name)], configurable: true })
  await fireEvent.change(input)
}

describe('a file on its way into a draft', () => {
  it('shows what would be written, and each problem with its place', async () => {
    const view = await show([preview])
    await choose(view, '二月.xlsx')
    expect(await view.findByText(/日期无法识别/)).toBeTruthy()
    expect(view.getByText('A6')).toBeTruthy()
    expect(view.getByText('可写入 1 条')).toBeTruthy()
    expect(view.getByText(/2 条有问题/)).toBeTruthy()
    expect(view.paths).toEqual(['/api/duty/plans/plan1/import/preview?kind=excel'])
    expect(view.getByRole('button', { name: '写入草稿（1 条）' }).hasAttribute('disabled')).toBe(true)
  })

  it('keeps whom a name means, and reads again', async () => {
    const post = vi.spyOn(api, 'post').mockResolvedValue(undefined)
    const view = await show([preview, { ...preview, lines: [line, { ...stranger, person: ZHOU, problem: null }], troubles: [], unknown: [] }])
    await choose(view, '二月.xlsx')
    await userEvent.selectOptions(await view.findByLabelText('老周'), 'p2')
    await userEvent.click(view.getByRole('button', { name: '保存对照并重新预览' }))
    expect(post).toHaveBeenCalledWith('/api/duty/plans/plan1/import/names', { names: [{ name: '老周', person_id: 'p2' }] })
    expect(await view.findByText('可写入 2 条')).toBeTruthy()
    expect(view.getByText(/老周 → 周宁/)).toBeTruthy()
  })

  it('writes the rest when told to leave out what has problems', async () => {
    const view = await show([preview, { id: 'plan1', version: 4, written: 1 }])
    await choose(view, 'feb.ics')
    await userEvent.click(await view.findByLabelText(/跳过有问题的条目/))
    await userEvent.click(view.getByRole('button', { name: '写入草稿（1 条）' }))
    await waitFor(() => expect(view.paths).toHaveLength(2))
    expect(view.paths[1]).toBe(`/api/duty/plans/plan1/import?kind=ical&digest=${'d'.repeat(64)}&version=3&skip=true`)
  })

  it('says why a file cannot be read', async () => {
    const view = await show([new Problem({ code: 'duty.file_unreadable' }, 422)])
    await choose(view, 'broken.xlsx')
    expect(await view.findByText('duty.file_unreadable')).toBeTruthy()
  })
})
