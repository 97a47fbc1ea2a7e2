/** GETs that wait until the test answers them, in whatever order it likes. */
import { vi } from 'vitest'

import { type Query, api } from '@/api/client'
import { Problem } from '@/api/problem'

export interface Get {
  path: string
  query: Query
  answer(value: unknown): Promise<void>
  fail(): Promise<void>
}

/** As they are asked. */
export function waitingGets(): Get[] {
  const gets: Get[] = []
  vi.spyOn(api, 'get').mockImplementation((path, query = {}) =>
    new Promise<never>((resolve, reject) => {
      gets.push({
        path,
        query,
        answer: (value) => (resolve(value as never), settled()),
        fail: () => (reject(Problem.from('network')), settled()),
      })
    }),
  )
  return gets
}

/** Everything that follows from what has been answered. */
export const settled = (): Promise<void> => new Promise((done) => setTimeout(done))
