import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import type { BloodOrder } from '@/api/resources'
import { axeViolations, renderPage } from '@/testing/page'

import BloodOrderCard from './BloodOrderCard.vue'

const station = { id: 's', name: '云江血站', short_name: '云江血站', tier: 'city' }
const bedside = { id: 'b', name: '临江县医院', short_name: '临江县医院', tier: 'county' }
const anOrder = (over: Partial<BloodOrder> = {}): BloodOrder => ({
  id: 'o1', case_id: null, case_number: 'R2611-00061', drill: false, bank: station, bedside, product: 'red_cells', subkey: 'O+', units: 4,
  urgency: 'immediate', state: 'requested', note: null, requested_at: '2026-11-25T10:00:00Z', requested_by: null, issued_at: null, issued_by: null,
  issued_units: null, issued_subkey: null, departed_at: null, departed_by: null, arrived_at: null, arrived_by: null, cancelled_at: null, cancelled_by: null,
  allowed: ['issue', 'cancel'], ...over,
})

function show(order: BloodOrder) {
  const sent: { path: string; body: unknown }[] = []
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => (sent.push({ path, body }), Promise.resolve({ order_id: order.id })) }) as never)
  const page = defineComponent({ render: () => h('main', [h('h1', 'x'), h(BloodOrderCard, { order })]) })
  return renderPage(page, { path: '/blood', answers: { '/api/resources/catalogue': { kinds: [], capabilities: [] } } }).then((view) => ({ view, sent }))
}

describe('an order of blood', () => {
  it('names no case to whoever may not open it, and is accessible', async () => {
    const { view } = await show(anOrder())
    expect(view.getByText('R2611-00061').closest('a')).toBeNull()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('issues what was asked for, or another number and group', async () => {
    const { view, sent } = await show(anOrder())
    await userEvent.click(view.getByText('发血…'))
    await userEvent.clear(view.getByLabelText(/^数量/))
    await userEvent.type(view.getByLabelText(/^数量/), '2')
    await userEvent.selectOptions(view.getByLabelText('血型'), 'O-')
    await userEvent.click(view.getByText('确认发血'))
    expect(sent).toEqual([{ path: '/api/blood/orders/o1/actions/issue', body: { units: 2, abo: 'O', rh: '-' } }])
  })

  it('is cancelled only with a reason', async () => {
    const { view, sent } = await show(anOrder())
    await userEvent.click(view.getByText('取消…'))
    await userEvent.type(view.getByLabelText('原因'), '库存不足')
    await userEvent.click(view.getByText('确认取消'))
    expect(sent).toEqual([{ path: '/api/blood/orders/o1/actions/cancel', body: { reason: '库存不足' } }])
  })

  it('needs one touch on the way and at the bedside, and shows each moment', async () => {
    const { view, sent } = await show(anOrder({ state: 'issued', issued_at: '2026-11-25T10:12:00Z', issued_units: 4, issued_subkey: 'O+', allowed: ['depart', 'arrive'] }))
    expect(view.getByText('发血')).toBeTruthy()
    await userEvent.click(view.getByText('血到'))
    expect(sent).toEqual([{ path: '/api/blood/orders/o1/actions/arrive', body: {} }])
  })
})
