import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { waitingGets } from '@/testing/gets'

import type { Woman } from './types'
import { useWoman } from './useWoman'

const hers = (id: string): Woman => ({ patient_id: `p-${id}`, pregnancy_id: id, name: id, age: 30, gestation_days: 268 }) as Woman

function scanner() {
  vi.spyOn(api, 'post').mockImplementation((_, body) => Promise.resolve({ pregnancy_id: (body as { code: string }).code }) as never)
  return { gets: waitingGets(), woman: useWoman() }
}

describe('whose tracing it is', () => {
  it('is who was picked, though a wristband scanned before her is found after', async () => {
    const { gets, woman } = scanner()
    const scan = woman.scanned('first')
    await waitFor(() => expect(gets).toHaveLength(1))
    woman.pick(hers('picked'))
    await gets[0]?.answer(hers('first'))
    await scan
    expect(woman.chosen.value).toMatchObject({ name: 'picked', means: 'list' })
    expect(woman.busy.value).toBe(false)
  })

  it('is whose wristband was scanned last', async () => {
    const { gets, woman } = scanner()
    void woman.scanned('first')
    void woman.scanned('last')
    await waitFor(() => expect(gets).toHaveLength(2))
    await gets[1]?.answer(hers('last'))
    await gets[0]?.answer(hers('first'))
    expect(woman.chosen.value?.name).toBe('last')
  })

  it('is chosen from what was searched for last', async () => {
    const { gets, woman } = scanner()
    void woman.search('first')
    void woman.search('last')
    await gets[1]?.answer([hers('last')])
    await gets[0]?.fail()
    expect(woman.found.value?.map((one) => one.name)).toEqual(['last'])
    expect(woman.problem.value).toBeNull()
  })
})
