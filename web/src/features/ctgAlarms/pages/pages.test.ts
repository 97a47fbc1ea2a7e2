import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import { LIMITS, alarm } from '../fixtures'
import AlarmsPage from './AlarmsPage.vue'
import LimitsPage from './LimitsPage.vue'

vi.mock('@/shared/ui/StripPanel.vue', () => ({ default: { template: '<div>strip</div>' } }))

const routes = [{ path: '/wall', name: 'wall' }]

describe('the alarms', () => {
  it('says what nobody has taken, and lets somebody take it by name and reason', async () => {
    const send = vi.fn().mockResolvedValue({ alarm: alarm({ state: 'acknowledged' }), history: [] })
    vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    const answers = { '/api/ctg/alarms': [alarm(), alarm({ id: 'a2', state: 'acknowledged', kind: 'battery_low', priority: 'low', value_bpm: null, acknowledged_by: { id: 'p', name: '周知夏', title: '' }, acknowledged_at: '2026-11-22T03:06:00Z', allowed: [] })] }
    const view = await renderPage(AlarmsPage, { path: '/ctg/alarms', answers, routes })
    expect(await view.findByText('待确认', { selector: 'h2' })).toBeTruthy()
    expect(view.getByText(/周知夏 .* 已确认/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])

    await userEvent.click(view.getByText('确认', { selector: 'button *' }))
    await userEvent.click((await view.findAllByText('确认', { selector: 'button *' })).at(-1) as Element)
    expect(await view.findByText('请选择原因')).toBeTruthy()
    await userEvent.click(view.getByText('已到床旁'))
    await userEvent.click(view.getAllByText('确认', { selector: 'button *' }).at(-1) as Element)
    expect(send).toHaveBeenCalledWith({ version: 1, reason: 'attending' })
  })

  it('says that there are none', async () => {
    const view = await renderPage(AlarmsPage, { path: '/ctg/alarms', answers: { '/api/ctg/alarms': [] }, routes })
    expect(await view.findByText('没有报警')).toBeTruthy()
  })
})

describe('the limits', () => {
  const version = { id: 'l1', owner: 'platform', unit: '', valid_from: '2026-11-01T00:00:00Z', in_force: true, limits: LIMITS, source: '平台', confidence: '待核实', recorded_by: null, recorded_at: '2026-11-01T00:00:00Z', supersedes_id: null }
  const bounds = Object.keys(LIMITS).map((field) => ({ field, least: 1, most: 999 }))
  const book = { facility_id: 'f1', units: ['产房'], bounds, versions: [version], may_write: true }

  it('show every number with its source and how sure it is, and take a new version', async () => {
    const send = vi.fn().mockResolvedValue({ id: 'l2' })
    vi.spyOn(api, 'submission').mockReturnValue({ send, key: 'k' } as never)
    const view = await renderPage(LimitsPage, { path: '/ctg/alarm-limits', answers: { '/api/ctg/alarm-limits': book }, roles: ['coordinator'] })
    expect(await view.findByText(/110 bpm/)).toBeTruthy()
    expect(view.getByText(/待核实/)).toBeTruthy()
    expect(await axeViolations(view.container)).toEqual([])
    await userEvent.click(view.getByText('新版本'))
    const low = await view.findByLabelText(/^下限/)
    await userEvent.clear(low)
    await userEvent.type(low, '100')
    await userEvent.type(view.getByLabelText('依据'), '科室讨论')
    await userEvent.selectOptions(view.getByLabelText('适用于'), '产房')
    await userEvent.click(view.getByText('发布'))
    expect(send).toHaveBeenCalledWith({ limits: { ...LIMITS, low_bpm: 100 }, unit: '产房', source: '科室讨论', confidence: '待核实' })
  })
})
