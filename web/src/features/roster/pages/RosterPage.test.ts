import userEvent from '@testing-library/user-event'
import { screen, waitFor } from '@testing-library/vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { serverClock } from '@/shared/clock'
import { axeViolations, renderPage } from '@/testing/page'

import { LIN, ZHOU, aCalendar, aPlan, aShift } from '../fixtures'
import RosterPage from './RosterPage.vue'

const calendar = aCalendar({
  shifts: [aShift(), aShift({ id: 'h2', slot_id: 's2', person: ZHOU }), aShift({ id: 'h3', person: ZHOU }, '2027-02-06')],
  gaps: [{ slot_id: 's2', from: '2027-02-06T00:00:00Z', to: '2027-02-07T00:00:00Z', required: true }],
  clashes: [{ person_id: 'p2', shift_ids: ['h2'] }],
})
const answers = {
  '/api/duty/calendar': calendar,
  '/api/duty/plans': [aPlan({ state: 'published', approved_by: { id: 'm', name: '何静', title: '科长' } })],
  '/api/facilities': [],
  '/api/conditions': [],
}
const routes = [
  { path: '/roster/plans', name: 'roster-plans' },
  { path: '/roster/my-calendar', name: 'roster-feeds' },
  { path: '/roster', name: 'roster' },
]
const show = (over: Record<string, unknown> = {}, query = '') => renderPage(RosterPage, { path: '/here', at: `/here?view=month&date=2027-02-05${query}`, answers: { ...answers, ...over }, routes })

beforeEach(() => {
  // The month that is looked at is still to come, whenever this runs.
  vi.spyOn(serverClock, 'now').mockReturnValue(Date.parse('2027-01-20T00:00:00Z'))
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }))
})

describe('the roster calendar', () => {
  it('shows a month with holidays, people, holes and clashes in words', async () => {
    const view = await show()
    expect((await view.findAllByText('休 春节')).length).toBeGreaterThan(0)
    expect(view.getAllByText('2-14 周日').length).toBeGreaterThan(0)
    expect(view.getAllByText(/✕ 空岗/).length).toBeGreaterThan(0)
    expect(view.getAllByText(/⚠ 重复排班/).length).toBeGreaterThan(0)
  })

  it('asks for the duty days of the month, from eight to eight', async () => {
    const view = await show()
    await view.findAllByText('林晓岚')
    const asked = view.get.mock.calls.find(([path]) => path === '/api/duty/calendar')?.[1]
    expect(asked?.['from']).toBe('2027-02-01T00:00:00.000Z')
    expect(asked?.['to']).toBe('2027-03-01T00:00:00.000Z')
  })

  it('lists what is wrong and goes there', async () => {
    const view = await show()
    const jump = await view.findByRole('button', { name: /空岗.*二线/ })
    await userEvent.click(jump)
    await waitFor(() => expect(view.container.querySelector('.roster-table [data-cell="s2@2027-02-06"]')?.className).toContain('marked'))
  })

  it('shows people by days with their sums', async () => {
    const view = await show()
    await userEvent.click(await view.findByRole('button', { name: '按人员' }))
    const row = (await view.findByRole('rowheader', { name: /周宁/ })).closest('tr')
    expect(row?.querySelectorAll('.sum')[0]?.textContent).toBe('2')
    expect(row?.querySelectorAll('.sum')[1]?.textContent).toBe('1')
  })

  it('lists people with their days in a row', async () => {
    const view = await show()
    await userEvent.click(await view.findByRole('button', { name: '列表' }))
    await userEvent.click(await view.findByRole('button', { name: '按人员' }))
    const card = (await view.findByRole('heading', { name: /周宁.*2 班/ })).closest('section')
    expect(card?.querySelectorAll('li')).toHaveLength(2)
    expect(card?.textContent).toContain('⚠ 重复排班')
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('lets whoever rosters fill a hole, after saying that it holds at once', async () => {
    const view = await show({ '/api/duty/groups': { facility_id: 'f1', groups: calendar.groups, may_edit: true, may_approve: false }, '/api/duty/candidates': [{ person: LIN, specialty: 'obstetrics', qualifications: [] }] })
    const send = vi.fn(() => Promise.resolve({ shift_id: 'new' }))
    vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    await userEvent.click(await view.findByRole('button', { name: /2-6 .*二线 产科: 空岗/ }))
    await userEvent.click(await screen.findByRole('button', { name: /林晓岚.*本页 1 班/ }))
    expect(await screen.findByText(/记录后立即生效/)).toBeTruthy()
    expect(send).not.toHaveBeenCalled()
    const asked = view.get.mock.calls.filter(([path]) => path === '/api/duty/calendar').length
    await userEvent.click(screen.getByRole('button', { name: '记录替班' }))
    await waitFor(() => expect(view.get.mock.calls.filter(([path]) => path === '/api/duty/calendar').length).toBe(asked + 1))
    expect(send).toHaveBeenCalledWith({ slot_id: 's2', person_id: LIN.id, from: '2027-02-06T00:00:00.000Z', to: '2027-02-07T00:00:00.000Z', cover: true, reason: 'other' })
  })

  it('opens on the hole to which an alarm leads', async () => {
    const view = await show({ '/api/duty/groups': { facility_id: 'f1', groups: calendar.groups, may_edit: true, may_approve: false } }, '&cell=s2@2027-02-06')
    const hole = await view.findByRole('button', { name: /2-6 .*二线 产科: 空岗/ })
    await waitFor(() => expect(document.activeElement).toBe(hole))
  })

  it('does not offer whoever stands there already', async () => {
    const view = await show({ '/api/duty/groups': { facility_id: 'f1', groups: calendar.groups, may_edit: true, may_approve: false }, '/api/duty/candidates': [LIN, ZHOU].map((person) => ({ person, specialty: 'obstetrics', qualifications: [] })) })
    await userEvent.click(await view.findByRole('button', { name: /2-5 .*一线 产科: 林晓岚/ }))
    expect(await screen.findByRole('button', { name: /周宁.*重复排班/ })).toBeTruthy()
    expect(screen.queryByRole('button', { name: /林晓岚.*本页/ })).toBeNull()
  })

  it('offers no change to whoever only reads it', async () => {
    const view = await show({ '/api/duty/groups': { facility_id: 'f1', groups: calendar.groups, may_edit: false, may_approve: true } })
    await view.findAllByText('林晓岚')
    expect(view.container.querySelector('[data-cell] button')).toBeNull()
  })

  it('asks what was known at a moment, and says so', async () => {
    const view = await show({}, '&known=2027-01-01T08:00')
    expect((await view.findAllByText(/按 2027-01-01 08:00 当时所知/)).length).toBeGreaterThan(0)
    const asked = view.get.mock.calls.find(([path]) => path === '/api/duty/calendar')?.[1]
    expect(asked?.['as_known_at']).toBe('2027-01-01T00:00:00.000Z')
  })

  it('prints a sheet with group, month and who approved it', async () => {
    const view = await show()
    await view.findAllByText('林晓岚')
    await waitFor(() => expect(view.container.querySelector('.print-sheet')?.textContent).toContain('审批（医务科）：何静'))
    expect(view.container.querySelector('.print-sheet h2')?.textContent).toContain('急救专家组 2027年2月值班表')
  })

  it('prints people with their days and sums when it is looked at by person', async () => {
    const view = await show({}, '&by=person')
    await view.findAllByText('林晓岚')
    const sheets = view.container.querySelectorAll('.print-sheet')
    expect([...sheets].map((one) => one.querySelector('h2')?.textContent)).toEqual([expect.stringContaining('2027年2月人员值班表')])
    const row = [...(sheets[0]?.querySelectorAll('tbody tr') ?? [])].find((one) => one.textContent.includes('周宁'))
    const cells = [...(row?.querySelectorAll('td') ?? [])].map((cell) => cell.textContent.trim())
    expect(cells).toHaveLength(28 + 2)
    expect([cells[4], cells[5], cells[28], cells[29]]).toEqual(['二线', '一线', '2', '1'])
  })

  it('keeps apart what is over and what is to be mended', async () => {
    vi.spyOn(serverClock, 'now').mockReturnValue(Date.parse('2027-02-08T04:00:00Z'))
    const view = await show()
    expect(await view.findByText(/今天起没有空岗，也没有冲突/)).toBeTruthy()
    const past = view.getByText('今天以前 2 条').closest('details') as HTMLElement
    expect([...past.querySelectorAll('button b')].map((one) => one.textContent.trim())).toEqual(['⚠ 重复排班', '✕ 空岗'])
    expect(past.querySelector('.required')).toBeNull()
  })

  it('says that there is no roster, and what failed', async () => {
    const view = await show({ '/api/duty/calendar': aCalendar({ groups: [], shifts: [] }) })
    expect(await view.findByText('该机构没有排班')).toBeTruthy()
    view.unmount()
    const failed = await show({ '/api/duty/calendar': new Problem({ code: 'kernel.unavailable' }, 503) })
    expect(await failed.findByText('kernel.unavailable')).toBeTruthy()
  })

  it('has no accessibility violations', async () => {
    const view = await show()
    await view.findAllByText('林晓岚')
    expect(await axeViolations(view.container)).toEqual([])
  })
})
