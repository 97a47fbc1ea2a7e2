import { expect, it } from 'vitest'

import { mine } from './regions'
import type { Region } from './types'

const place = (id: string, parent_id: string | null): Region => ({ id, parent_id, code: id, name: id, level: 'county' })
const tree = [place('province', null), place('city', 'province'), place('county', 'city'), place('other', 'province')]

it('counts the regions inside mine, and none beside or above', () => {
  expect(mine(tree, ['city']).map((region) => region.id)).toEqual(['city', 'county'])
  expect(mine(tree, [])).toEqual([])
})
