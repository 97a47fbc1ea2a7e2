import { describe, expect, it, vi } from 'vitest'

import { ApiClient, newKey } from './client'
import { Problem } from './problem'

interface Call {
  path: string
  init: RequestInit
}

/** A server that answers from a script; an Error in the script is a cut line. */
function scripted(...answers: (Response | Error)[]): { calls: Call[]; client: ApiClient; left: () => void } {
  const calls: Call[] = []
  let keys = 0
  const left = vi.fn()
  const client = new ApiClient({
    fetch: (path, init = {}) => {
      calls.push({ path: String(path), init })
      const answer = answers.shift() ?? new Error('script is over')
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    newKey: () => `key-${++keys}`,
    sleep: () => Promise.resolve(),
    onUnauthorised: left,
  })
  return { calls, client, left }
}

const ok = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })
const cut = () => new TypeError('Failed to fetch')
const refused = (status: number, code: string) =>
  new Response(
    JSON.stringify({
      type: `/problems/${code}`, title: '已被接收', status, detail: '市一院已接收', code,
      zh: { title: '已被接收', detail: '市一院已接收' },
      en: { title: 'Already accepted', detail: 'City Hospital accepted' },
      fields: { facility: '市一院' },
    }),
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  )
const keysOf = (calls: Call[]) => calls.map(({ init }) => (init.headers as Record<string, string>)['Idempotency-Key'])

describe('problems', () => {
  it('carry code, fields and both languages', async () => {
    const { client } = scripted(refused(409, 'referral.already_accepted'))
    const problem = await client.get('/api/x').catch((e: unknown) => e)
    expect(problem).toBeInstanceOf(Problem)
    const it = problem as Problem
    expect([it.code, it.status, it.fields]).toEqual(['referral.already_accepted', 409, { facility: '市一院' }])
    expect(it.wording('zh-CN')?.title).toBe('已被接收')
    expect(it.wording('en')?.detail).toBe('City Hospital accepted')
  })

  it('are made even from a proxy page or a cut line', async () => {
    const { client } = scripted(new Response('<html>502</html>', { status: 502 }), cut())
    expect(await client.get('/a').catch((e: unknown) => (e as Problem).code)).toBe('http.502')
    expect(await client.get('/a').catch((e: unknown) => (e as Problem).code)).toBe('client.network')
  })

  it('of a line that changed do not come to a page that only reads', async () => {
    const { calls, client } = scripted(cut(), ok({ n: 1 }), cut(), refused(503, 'kernel.unavailable'))
    expect(await client.get('/a', { q: 'x' })).toEqual({ n: 1 })
    expect(calls.map(({ path }) => path)).toEqual(['/a?q=x', '/a?q=x'])
    expect(await client.post('/b').catch((e: unknown) => (e as Problem).code)).toBe('client.network')
    expect(await client.get('/c').catch((e: unknown) => (e as Problem).code)).toBe('kernel.unavailable')
    expect(calls).toHaveLength(4)
  })

  it('of 401 are told once to the application', async () => {
    const { client, left } = scripted(refused(401, 'auth.required'))
    await client.get('/api/me').catch(() => undefined)
    expect(left).toHaveBeenCalledOnce()
  })

  it('do not make an unreadable success look like one', async () => {
    const { client } = scripted(new Response('not json', { status: 200 }))
    expect(await client.get('/a').catch((e: unknown) => (e as Problem).code)).toBe('client.unreadable')
  })
})

describe('a submission', () => {
  it('sends the same key again after a cut and after a 5xx', async () => {
    const { client, calls } = scripted(cut(), refused(503, 'server.down'), ok({ id: 1 }, 201))
    await expect(client.submission('/api/referrals').send({ a: 1 })).resolves.toEqual({ id: 1 })
    expect(keysOf(calls)).toEqual(['key-1', 'key-1', 'key-1'])
  })

  it('keeps the key for the next press when all attempts failed', async () => {
    const { client, calls } = scripted(cut(), cut(), cut(), ok({}))
    const submission = client.submission('/api/referrals')
    await expect(submission.send({ a: 1 })).rejects.toMatchObject({ code: 'client.network', outcomeUnknown: true })
    await submission.send({ a: 1 })
    expect(new Set(keysOf(calls))).toEqual(new Set(['key-1']))
  })

  it('takes a new key after a refusal and does not retry it by itself', async () => {
    const { client, calls } = scripted(refused(409, 'kernel.version_stale'), ok({}))
    const submission = client.submission('/api/referrals')
    await expect(submission.send({})).rejects.toMatchObject({ code: 'kernel.version_stale' })
    await submission.send({})
    expect(keysOf(calls)).toEqual(['key-1', 'key-2'])
  })

  it('keeps the key over a log-out by time', async () => {
    const { client, calls } = scripted(refused(401, 'auth.required'), ok({}))
    const submission = client.submission('/api/referrals', 'from-draft')
    await submission.send({}).catch(() => undefined)
    await submission.send({})
    expect(keysOf(calls)).toEqual(['from-draft', 'from-draft'])
  })

  it('takes a new key for the next intended write', async () => {
    const { client, calls } = scripted(ok({}), ok({}))
    const submission = client.submission('/api/notes')
    await submission.send({})
    await submission.send({})
    expect(keysOf(calls)).toEqual(['key-1', 'key-2'])
  })
})

it('leaves empty query values out', async () => {
  const { client, calls } = scripted(ok([]))
  await client.get('/api/referrals', { scope: 'mine', state: null, q: 'a b' })
  expect(calls[0]?.path).toBe('/api/referrals?scope=mine&q=a%20b')
})

it('makes version-4 UUIDs', () => {
  expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
