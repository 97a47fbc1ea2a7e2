import { fireEvent, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { setLanguage } from '@/shared/i18n'
import { renderPage } from '@/testing/page'

import { LIN, ZHOU, aCalendar, aPlanOut, aShift } from '../fixtures'
import { REST_MS } from '../useDrag'
import PlanPage from './PlanPage.vue'

const candidates = [LIN, ZHOU].map((person) => ({ person, specialty: 'obstetrics', qualifications: [] }))
const MOVED = { remove: ['h-2027-02-05'], put: [{ slot_id: 's2', person_id: 'p1', from: '2027-02-06T00:00:00.000Z', to: '2027-02-07T00:00:00.000Z' }] }

async function show() {
  const answers = {
    '/api/duty/plans/plan1': aPlanOut(),
    '/api/duty/calendar': aCalendar({ shifts: [aShift({ draft: true })] }),
    '/api/duty/candidates': candidates,
  }
  const page = { components: { PlanPage }, template: '<PlanPage plan-id="plan1" />' } as never
  const view = await renderPage(page, { path: '/', answers, routes: [{ path: '/roster/plans', name: 'roster-plans' }], roles: ['coordinator'] })
  await waitFor(() => cell(view, 's1@2027-02-05'))
  return view
}

type View = Awaited<ReturnType<typeof show>>
const puts = () => vi.spyOn(api, 'put').mockResolvedValue({ id: 'plan1', version: 4, state: 'draft', written: 0 } as never)

function cell(view: { container: Element }, key: string): HTMLElement {
  const found = view.container.querySelector<HTMLElement>(`[data-cell="${key}"] button`)
  if (found === null) throw new Error(`no cell ${key}`)
  return found
}

const note = (view: View): string => view.container.querySelector('[aria-live]')?.textContent ?? ''

function narrow(phone: boolean): void {
  vi.stubGlobal('matchMedia', () => ({ matches: phone, addEventListener: () => undefined, removeEventListener: () => undefined }))
}

beforeEach(() => narrow(false))
afterEach(() => {
  if (vi.isFakeTimers()) vi.runOnlyPendingTimers()
  vi.useRealTimers()
})

describe('a duty carried by the keyboard', () => {
  it('is picked up, carried and dropped, said at each step, and taken back', async () => {
    const put = puts()
    const view = await show()
    cell(view, 's1@2027-02-05').focus()
    await userEvent.keyboard('{Enter}')
    expect(note(view)).toBe('已拿起林晓岚（2-5 周五 一线 产科）。方向键移动，回车放下，Esc 放回。')
    await userEvent.keyboard('{ArrowDown}{ArrowRight}')
    expect(document.activeElement).toBe(cell(view, 's2@2027-02-06'))
    expect(note(view)).toBe('林晓岚 → 2-6 周六 二线 产科')
    expect(view.container.querySelector('.over')?.getAttribute('data-cell')).toBe('s2@2027-02-06')
    expect(put).not.toHaveBeenCalled()

    const moved = aCalendar({ shifts: [aShift({ id: 'new', slot_id: 's2', draft: true }, '2027-02-06')] })
    view.get.mockImplementation((path) => Promise.resolve(path.endsWith('plan1') ? aPlanOut({ version: 4 }) : path.endsWith('calendar') ? moved : candidates))
    await userEvent.keyboard('{Enter}')
    expect(put.mock.calls[0]?.[1]).toMatchObject(MOVED)
    await waitFor(() => expect(note(view)).toBe('林晓岚已移到 2-6 周六 二线 产科。'))
    expect(view.container.querySelector('.over')).toBeNull()

    await userEvent.keyboard('{Control>}z{/Control}')
    await waitFor(() => expect(note(view)).toBe('已撤销上一步。'))
    expect(put.mock.calls[1]?.[1]).toMatchObject({ version: 4, remove: ['new'], put: [{ slot_id: 's1', person_id: 'p1', from: '2027-02-05T00:00:00.000Z' }] })
  })

  it.each(['{Escape}', '{Tab}', '{ArrowUp}{Enter}'])('goes back by %s and changes nothing', async (keys) => {
    const put = puts()
    const view = await show()
    cell(view, 's1@2027-02-05').focus()
    await userEvent.keyboard(`{Enter}{ArrowDown}${keys}`)
    expect(note(view)).toBe('林晓岚放回 2-5 周五 一线 产科。')
    expect(view.container.querySelector('.over')).toBeNull()
    expect(put).not.toHaveBeenCalled()
  })

  it('says in English too what was picked up', async () => {
    const view = await show()
    await setLanguage('en')
    try {
      cell(view, 's1@2027-02-05').focus()
      await userEvent.keyboard('{Enter}')
      expect(note(view)).toMatch(/^林晓岚 picked up from 2-5 Fri/)
    } finally {
      await setLanguage('zh-CN')
    }
  })

  it('leaves Enter on an empty cell, and Space on any, to the list of people', async () => {
    const view = await show()
    cell(view, 's2@2027-02-06').focus()
    await userEvent.keyboard('{Enter}')
    expect(await view.findByRole('dialog')).toBeTruthy()
  })

  it('walks down a telephone list and on into the next day', async () => {
    narrow(true)
    const put = puts()
    const view = await show()
    cell(view, 's1@2027-02-05').focus()
    await userEvent.keyboard('{Enter}{ArrowDown}{ArrowDown}')
    expect(document.activeElement).toBe(cell(view, 's1@2027-02-06'))
    await userEvent.keyboard('{ArrowUp}{ArrowRight}{Enter}')
    expect(put.mock.calls[0]?.[1]).toMatchObject(MOVED)
  })
})

describe('a duty under a finger', () => {
  /** jsdom's pointer events carry neither place nor kind. */
  function finger(type: string, at: number): Event {
    return Object.assign(new MouseEvent(type, { bubbles: true, cancelable: true, button: 0, clientX: at, clientY: at }), { pointerType: 'touch' })
  }

  async function pressed(view: View): Promise<void> {
    document.elementFromPoint = () => view.container.querySelector('[data-cell="s2@2027-02-06"]')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await fireEvent(cell(view, 's1@2027-02-05').querySelector('.duty-piece') as Element, finger('pointerdown', 0))
  }

  /** True if the page would scroll. */
  const scrolls = (): boolean => window.dispatchEvent(new Event('touchmove', { cancelable: true }))

  it.each([true, false])('is picked up by resting, held still and dropped (telephone: %s)', async (phone) => {
    narrow(phone)
    const put = puts()
    const view = await show()
    await pressed(view)
    expect(scrolls()).toBe(true)
    await vi.advanceTimersByTimeAsync(REST_MS)
    expect(view.container.querySelector('.drag-ghost')?.textContent).toBe('林晓岚')
    expect(note(view)).toBe('已拿起林晓岚。')
    expect(scrolls()).toBe(false)
    await fireEvent(window, finger('pointermove', 40))
    expect(view.container.querySelector('.over')?.getAttribute('data-cell')).toBe('s2@2027-02-06')
    await fireEvent(window, finger('pointerup', 40))
    expect(put.mock.calls[0]?.[1]).toMatchObject(MOVED)
    expect(scrolls()).toBe(true)
  })

  it('scrolls when it travels before it has rested', async () => {
    const put = puts()
    const view = await show()
    await pressed(view)
    await fireEvent(window, finger('pointermove', 40))
    await vi.advanceTimersByTimeAsync(REST_MS)
    expect(view.container.querySelector('.drag-ghost')).toBeNull()
    expect(scrolls()).toBe(true)
    await fireEvent(window, finger('pointerup', 40))
    expect(put).not.toHaveBeenCalled()
  })

  it('goes back when the browser takes the touch away', async () => {
    const put = puts()
    const view = await show()
    await pressed(view)
    await vi.advanceTimersByTimeAsync(REST_MS)
    await fireEvent(window, finger('pointercancel', 40))
    expect(view.container.querySelector('.drag-ghost')).toBeNull()
    await fireEvent(window, finger('pointerup', 40))
    expect(put).not.toHaveBeenCalled()
  })

  it('still opens the list of people by a tap', async () => {
    const view = await show()
    await userEvent.click(cell(view, 's1@2027-02-05'))
    expect(await view.findByRole('dialog')).toBeTruthy()
  })
})
