import { effectScope } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { api } from '@/api/client'
import { waitingGets } from '@/testing/gets'

import { useOutside } from './useOutside'

const scope = effectScope()

beforeEach(() => {
  sessionStorage.clear()
  location.hash = ''
})
afterEach(() => scope.stop())

it('shows what a write answered, not a look from before it', async () => {
  vi.spyOn(api, 'post').mockResolvedValue({})
  const gets = waitingGets()
  const page = scope.run(useOutside)
  page?.put({ version: 2 } as never)
  await gets[0]?.answer({ version: 1 })
  expect(page?.view.value).toEqual({ version: 2 })
})
