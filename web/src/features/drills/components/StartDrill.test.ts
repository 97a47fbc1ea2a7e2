import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'

import { waitingGets } from '@/testing/gets'
import { renderPage } from '@/testing/page'

import StartDrill from './StartDrill.vue'

const today = (name: string) => [{ group: { id: `g-${name}`, name } }]

it('offers the groups of the house that was chosen last', async () => {
  const houses = ['f1', 'f2', 'f3'].map((id) => ({ id, short_name: id }))
  await renderPage(StartDrill, { path: '/', answers: { '/api/conditions': [], '/api/facilities': houses, '/api/duty/today': today('产科一线') } })
  await screen.findByRole('option', { name: '产科一线' })
  const gets = waitingGets()
  const house = screen.getAllByRole('combobox')[0] as HTMLSelectElement
  await waitFor(() => expect(house.options).toHaveLength(3))
  await userEvent.selectOptions(house, 'f2')
  expect(screen.queryByRole('option', { name: '产科一线' })).toBeNull()
  await userEvent.selectOptions(house, 'f3')
  await gets[1]?.answer(today('新生儿组'))
  await gets[0]?.answer(today('麻醉组'))
  expect(await screen.findByRole('option', { name: '新生儿组' })).toBeTruthy()
  expect(screen.queryByRole('option', { name: '麻醉组' })).toBeNull()
})
