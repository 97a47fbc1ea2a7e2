import { fireEvent, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import { LIN, ZHOU, aCalendar, aPlanOut, aShift } from '../fixtures'
import type { PlanOut, RosterCalendar } from '../types'
import PlanPage from './PlanPage.vue'

const gap = { kind: 'gap' as const, slot_id: 's2', from: '2027-02-06T00:00:00Z', to: '2027-02-07T00:00:00Z', person_id: null, entry_id: null, other_id: null }
const drawn = aCalendar({ shifts: [aShift({ draft: true })], gaps: [{ slot_id: 's2', from: gap.from, to: gap.to, required: true }] })
const candidates = [LIN, ZHOU].map((person) => ({ person, specialty: 'obstetrics', qualifications: [] }))
const routes = [{ path: '/roster/plans', name: 'roster-plans' }]

function show(over: { plan?: PlanOut; calendar?: RosterCalendar } = {}) {
  const answers = {
    '/api/duty/plans/plan1': over.plan ?? aPlanOut({}, [gap]),
    '/api/duty/calendar': over.calendar ?? drawn,
    '/api/duty/candidates': candidates,
  }
  return renderPage({ components: { PlanPage }, template: '<PlanPage plan-id="plan1" />' } as never, { path: '/', answers, routes, roles: ['coordinator'] })
}

const puts = () => vi.spyOn(api, 'put').mockResolvedValue({ id: 'plan1', version: 4, state: 'draft', written: 0 } as never)
const cellOf = (view: { container: Element }, key: string): HTMLElement => {
  const found = view.container.querySelector<HTMLElement>(`[data-cell="${key}"] button`)
  if (found === null) throw new Error(`no cell ${key}`)
  return found
}

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }))
})

describe('the plan board', () => {
  it('says what stops publishing and jumps there', async () => {
    const view = await show()
    expect(await view.findByText(/1 处必设岗位空岗/)).toBeTruthy()
    await userEvent.click(view.getByRole('button', { name: /空岗.*二线/ }))
    await waitFor(() => expect(document.activeElement).toBe(cellOf(view, 's2@2027-02-06')))
  })

  it('puts somebody by choosing a cell and a person', async () => {
    const put = puts()
    const view = await show()
    await view.findByText(/1 处必设岗位空岗/)
    await userEvent.click(cellOf(view, 's2@2027-02-06'))
    const choice = await view.findByRole('button', { name: /周宁.*本计划 0 班/ })
    await userEvent.click(choice)
    expect(put).toHaveBeenCalledWith('/api/duty/plans/plan1/entries', {
      version: 3,
      remove: [],
      move: [],
      put: [{ slot_id: 's2', person_id: 'p2', from: '2027-02-06T00:00:00.000Z', to: '2027-02-07T00:00:00.000Z' }],
    })
  })

  it('walks by arrows, clears by Delete and takes it back by Ctrl+Z', async () => {
    const put = puts()
    const view = await show()
    await view.findByText(/1 处必设岗位空岗/)
    cellOf(view, 's2@2027-02-04').focus()
    await userEvent.keyboard('{ArrowDown}{ArrowLeft}')
    expect(document.activeElement).toBe(cellOf(view, 's1@2027-02-05'))
    view.get.mockImplementation((path) => Promise.resolve(path.endsWith('plan1') ? aPlanOut({ version: 4 }) : path.endsWith('calendar') ? aCalendar({ shifts: [] }) : candidates))
    await userEvent.keyboard('{Delete}')
    expect(put.mock.calls[0]?.[1]).toMatchObject({ remove: ['h-2027-02-05'], put: [] })
    const undo = await view.findByRole('button', { name: /撤销/ })
    await waitFor(() => expect(undo.hasAttribute('disabled')).toBe(false))
    await userEvent.keyboard('{Control>}z{/Control}')
    await waitFor(() => expect(put).toHaveBeenCalledTimes(2))
    expect(put.mock.calls[1]?.[1]).toMatchObject({ version: 4, remove: [], put: [{ slot_id: 's1', person_id: 'p1' }] })
  })

  it('moves a name by dragging it', async () => {
    const put = puts()
    const view = await show()
    await view.findByText(/1 处必设岗位空岗/)
    const target = view.container.querySelector('[data-cell="s2@2027-02-06"]')
    document.elementFromPoint = () => target
    const name = cellOf(view, 's1@2027-02-05').querySelector('.duty-piece')
    // jsdom's pointer events carry no place; a mouse's do, and a mouse is what drags.
    const pointer = (type: string, at: number): MouseEvent => new MouseEvent(type, { bubbles: true, button: 0, clientX: at, clientY: at })
    await fireEvent(name as Element, pointer('pointerdown', 0))
    await fireEvent(window, pointer('pointermove', 40))
    await waitFor(() => expect(view.container.querySelector('.drag-ghost')?.textContent).toBe('林晓岚'))
    await fireEvent(window, pointer('pointerup', 40))
    await waitFor(() => expect(put).toHaveBeenCalledTimes(1))
    expect(put.mock.calls[0]?.[1]).toMatchObject({ remove: ['h-2027-02-05'], put: [{ slot_id: 's2', person_id: 'p1', from: '2027-02-06T00:00:00.000Z' }] })
  })

  it('shows why something was refused and draws the board anew', async () => {
    vi.spyOn(api, 'put').mockRejectedValue(new Problem({ code: 'kernel.version_stale' }, 409))
    const view = await show()
    await view.findByText(/1 处必设岗位空岗/)
    const before = view.get.mock.calls.length
    cellOf(view, 's1@2027-02-05').focus()
    await userEvent.keyboard('{Delete}')
    await waitFor(() => expect(view.get.mock.calls.length).toBeGreaterThan(before))
  })

  it('offers the steps that the server allows, and confirms them', async () => {
    const send = vi.fn(() => Promise.resolve({ id: 'plan1', version: 5, state: 'approved', written: 0 }))
    const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
    const view = await show({ plan: aPlanOut({ state: 'submitted', actions: ['approve', 'return'] }) })
    await userEvent.click(await view.findByRole('button', { name: '审批通过' }))
    const dialog = await view.findByRole('dialog')
    await userEvent.click([...dialog.querySelectorAll('button')].find((one) => one.textContent?.includes('审批通过')) as HTMLElement)
    expect(submission).toHaveBeenCalledWith('/api/duty/plans/plan1/approve')
    expect(send).toHaveBeenCalledWith({ version: 3, content_hash: 'ab'.repeat(32) })
    expect(view.container.querySelector('.duty-cell')).toBeNull()
  })

  it('has no accessibility violations', async () => {
    const view = await show()
    await view.findByText(/1 处必设岗位空岗/)
    expect(await axeViolations(view.container)).toEqual([])
  })
})
