import { fireEvent, screen, within } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { serverNow } from '@/shared/clock'
import { axeViolations, renderPage } from '@/testing/page'

import { midnights, monday } from '../week'
import PlannedWeek from './PlannedWeek.vue'

const HERE = { id: 'f1', name: '临江县医院', short_name: '临江县医院', tier: 'county' }
const SIDE = { id: 'i1', n: 1, state: 'accepted', facility: HERE, group: null, person: { name: '林晓岚' } }
/** On Tuesday of the server's week; its clock is known once the session is. */
function at(hour: number, minute = 0): string {
  const day = midnights(monday(serverNow()))[1] ?? new Date()
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).toISOString()
}
const consult = (id: string, planned_at: string) => ({ id, woman: `演示${id}`, facility: HERE, invited: [SIDE], urgency: 'ordinary', state: 'agreed', version: 2, planned_at, minutes: 30 })

const textOf = (blob: Blob | undefined): Promise<string> =>
  new Promise((done) => {
    const reader = new FileReader()
    reader.onload = () => done(String(reader.result))
    reader.readAsText(blob ?? new Blob())
  })

const page = defineComponent({ render: () => h('main', [h('h1', 'x'), h(PlannedWeek)]) })

describe('the week of planned consultations', () => {
  it('shows each under its day with time and sides, and says which overlap', async () => {
    const asked: unknown[] = []
    const answer = (query: unknown): unknown[] => (asked.push(query), [consult('b', at(9, 15)), consult('a', at(9)), consult('c', at(15))])
    const { container } = await renderPage(page, { path: '/x', answers: { '/api/consults': answer } })
    const links = await screen.findAllByRole('link')
    expect(links.map((link) => /\d\d:\d\d–\d\d:\d\d演示\w/.exec(link.textContent ?? '')?.[0])).toEqual(['09:00–09:30演示a', '09:15–09:45演示b', '15:00–15:30演示c'])
    expect(links.map((link) => link.textContent?.includes('时间重叠'))).toEqual([true, true, false])
    const days = within(screen.getAllByRole('list')[0] as HTMLElement).getAllByRole('listitem')
    expect(days).toHaveLength(7)
    expect(days[1]?.querySelectorAll('a')).toHaveLength(3)
    expect(await axeViolations(container)).toEqual([])
    await fireEvent.click(screen.getByRole('button', { name: '下一周' }))
    const next = midnights(monday(serverNow(), 1))
    expect(asked.at(-1)).toEqual({ which: 'planned', since: next[0]?.toISOString(), until: next[7]?.toISOString() })
  })

  it('lists four weeks, turns them by keys, and writes them as a calendar without her name', async () => {
    const asked: { until?: string }[] = []
    const answer = (query: { until?: string }): unknown[] => (asked.push(query), [consult('b', at(9, 15)), { ...consult('a', at(9)), urgency: 'urgent' }])
    const { container } = await renderPage(page, { path: '/x', answers: { '/api/consults': answer } })
    const saved: Blob[] = []
    vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: (blob: Blob) => (saved.push(blob), 'blob:x'), revokeObjectURL: () => undefined }))
    await fireEvent.click(await screen.findByRole('button', { name: '列表' }))
    const table = screen.getByRole('table')
    expect(within(table).getAllByRole('row').map((row) => row.textContent)).toEqual([expect.stringContaining('日期'), expect.stringContaining('09:15–09:45演示b'), expect.stringContaining('09:00–09:30▲ 演示a')])
    expect(table.querySelectorAll('a')).toHaveLength(2)
    expect(asked.at(-1)?.until).toBe(midnights(monday(serverNow()), 28)[28]?.toISOString())
    expect(await axeViolations(container)).toEqual([])
    await fireEvent.keyDown(screen.getByRole('toolbar'), { key: 'ArrowRight' })
    expect(asked.at(-1)?.until).toBe(midnights(monday(serverNow(), 1), 28)[28]?.toISOString())
    await fireEvent.keyDown(screen.getByRole('toolbar'), { key: 'Home' })
    expect(asked.at(-1)?.until).toBe(midnights(monday(serverNow()), 28)[28]?.toISOString())
    await fireEvent.click(screen.getByRole('button', { name: '导出日历' }))
    const file = await textOf(saved[0])
    expect(file).toMatch(/^BEGIN:VCALENDAR\r\n/)
    expect(file.match(/BEGIN:VEVENT/g)).toHaveLength(2)
    expect(file).not.toContain('演示')
  })

  it('says so when a week is free', async () => {
    await renderPage(page, { path: '/x', answers: { '/api/consults': [] } })
    expect(await screen.findByText('没有预约的会诊')).not.toBeNull()
  })
})
