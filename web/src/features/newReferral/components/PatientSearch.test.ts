import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { ref } from 'vue'

import { type Get, waitingGets } from '@/testing/gets'
import { renderPage } from '@/testing/page'

import type { Found } from '../form'
import PatientSearch from './PatientSearch.vue'

const hers = (name: string): Found => ({ patient_id: `p-${name}`, pregnancy_id: `g-${name}`, name, age: 30, gestation_days: 268 })

async function open(recent: Found[] = []) {
  sessionStorage.setItem('ys.recent-women', JSON.stringify(recent))
  const picked = ref<Found | null>(null)
  const page = { components: { PatientSearch }, setup: () => ({ picked }), template: '<PatientSearch v-model="picked" />' }
  const view = await renderPage(page as never, { path: '/', answers: {} })
  const gets: Get[] = waitingGets()
  const search = async (name: string): Promise<void> => {
    const field = view.getByRole('searchbox')
    await userEvent.clear(field)
    await userEvent.type(field, `${name}{Enter}`)
  }
  return { view, picked, gets, search }
}

describe('the search for her', () => {
  it('picks nobody whom an earlier search finds late', async () => {
    const { picked, gets, search } = await open()
    await search('张三')
    await search('李四')
    await gets[1]?.answer([hers('李四')])
    await gets[0]?.answer([hers('张三')])
    expect(picked.value?.name).toBe('李四')
  })

  it('leaves her picked whom one pressed while it ran', async () => {
    const { view, picked, gets, search } = await open([hers('王五')])
    await search('张三')
    await userEvent.click(view.getByRole('button', { name: /王五/ }))
    await gets[0]?.answer([hers('张三')])
    expect(picked.value?.name).toBe('王五')
  })
})
