import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EffectScope, effectScope, nextTick } from 'vue'

import { waitingGets } from '@/testing/gets'

import { useBoard } from './useBoard'

let scope: EffectScope

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  scope = effectScope()
})

afterEach(() => scope.stop())

it('is no longer switching when the scope one wants is shown, though the former comes after it', async () => {
  const gets = waitingGets()
  const board = scope.run(useBoard) as ReturnType<typeof useBoard>
  expect(gets[0]?.query).toEqual({ scope: 'mine' })
  await gets[0]?.answer({ rows: [] })
  void board.refresh()
  board.scope.value = 'all'
  await nextTick()
  expect(board.switching.value).toBe(true)
  await gets[2]?.answer({ rows: [] })
  await gets[1]?.answer({ rows: [] })
  expect(board.switching.value).toBe(false)
})
