import { expect, it } from 'vitest'

import { waitingGets } from '@/testing/gets'

import { useWomanSearch } from './useWomanSearch'

it('finds whom one asked for last, in whatever order answers come', async () => {
  const gets = waitingGets()
  const search = useWomanSearch()
  for (const name of ['first', 'last']) {
    search.query.value = name
    void search.run()
  }
  await gets[0]?.answer([{ name: 'first' }])
  expect(search.found.value).toBeNull()
  expect(search.searching.value).toBe(true)
  await gets[1]?.answer([{ name: 'last' }])
  expect(search.found.value).toEqual([{ name: 'last' }])
  expect(search.searching.value).toBe(false)
})
