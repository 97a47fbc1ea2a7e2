import { waitFor } from '@testing-library/vue'
import { beforeEach, expect, it, vi } from 'vitest'
import { type Router, createMemoryHistory, createRouter } from 'vue-router'

import { Problem } from '@/api/problem'

import { askForMissingParts, isMissingPart } from './missingParts'

/** What Vite does with a part that did not arrive. */
function lose(): never {
  const error = new Error('Unable to preload CSS for /assets/Room.css')
  window.dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload: error }))
  throw error
}

function routes(component: () => Promise<never>): Router {
  return createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: { render: () => null } },
      { path: '/room/:id', component },
    ],
  })
}

const tell = vi.fn<(problem: Problem) => void>()
const open = vi.fn<(path: string) => void>()

beforeEach(() => {
  sessionStorage.clear()
  vi.resetAllMocks()
})

it('opens the page anew that somebody wanted, and not for ever', async () => {
  let at = 1_000
  const router = routes(async () => lose())
  askForMissingParts(router, tell, { reach: async () => undefined, open, now: () => at })
  await expect(router.push('/room/7?at=3')).rejects.toThrow('preload')
  await waitFor(() => expect(open).toHaveBeenCalledExactlyOnceWith('/room/7?at=3'))
  await expect(router.push('/room/7?at=3')).rejects.toSatisfy(isMissingPart)
  expect(open).toHaveBeenCalledOnce()
  at += 60_000
  await expect(router.push('/room/8')).rejects.toThrow('preload')
  await waitFor(() => expect(open).toHaveBeenLastCalledWith('/room/8'))
  expect(open).toHaveBeenCalledTimes(2)
  expect(tell.mock.calls.map(([problem]) => problem.local)).toEqual(['parts'])
})

it('leaves the open page where the server cannot be reached, and says so', async () => {
  const router = routes(async () => lose())
  askForMissingParts(router, tell, { reach: async () => { throw Problem.from('network') }, open })
  await expect(router.push('/room/7')).rejects.toThrow('preload')
  await waitFor(() => expect(tell).toHaveBeenCalledOnce())
  expect(tell.mock.calls[0]?.[0].local).toBe('network')
  expect(open).not.toHaveBeenCalled()
})

it('leaves other errors to whoever handles them', async () => {
  const router = routes(async () => { throw new Error('a defect') })
  askForMissingParts(router, tell, { reach: async () => undefined, open })
  await expect(router.push('/room/7')).rejects.toThrow('a defect')
  expect(open).not.toHaveBeenCalled()
})
