import { describe, expect, it, vi } from 'vitest'

import { aBook } from './fixtures'
import { BOOK_PATH, forgetPeople } from './held'

function shelf(held: Map<string, Response>): void {
  const cache = {
    match: (path: string) => Promise.resolve(held.get(path)?.clone()),
    put: (path: string, answer: Response) => Promise.resolve(void held.set(path, answer)),
  }
  vi.stubGlobal('caches', { open: () => Promise.resolve(cache) })
}

describe('what a device holds after the session', () => {
  it('is the desks alone', async () => {
    const held = new Map([[BOOK_PATH, new Response(JSON.stringify(aBook()))]])
    shelf(held)
    await forgetPeople()
    const kept = await held.get(BOOK_PATH)?.text()
    expect(kept).toContain('产科急救专线')
    expect(kept).not.toContain('19900000002')
  })

  it('is nothing where nothing was held, or nothing can be', async () => {
    const held = new Map<string, Response>()
    shelf(held)
    await forgetPeople()
    expect(held.size).toBe(0)
    vi.unstubAllGlobals()
    await expect(forgetPeople()).resolves.toBeUndefined()
  })
})
