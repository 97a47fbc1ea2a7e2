import { describe, expect, it } from 'vitest'

import type { Proof } from '@/api/course'

import { check, rootOf } from './proof'

/** Three leaves of a tree of seven, as the platform proves them; the key is made up. */
const CHECKPOINT = {
  no: 3, size: 7, root: 'bee2275db16667589a4515f63e0d053a2fa602c1d9f9703e98920a5bdad59baf', at: '2026-11-28T04:00:00Z', key_id: '56475aa75463474c',
  line: '{"at":"2026-11-28T04:00:00.000000Z","key_id":"56475aa75463474c","log":"yunshang.case-events.v1","no":3,"prev":"0000000000000000000000000000000000000000000000000000000000000000","root":"bee2275db16667589a4515f63e0d053a2fa602c1d9f9703e98920a5bdad59baf","signature":"ksztog26XfqENd+GhDktv6Fjbnp47otA9OIXJR7uLDWeu/DJEPnOvZL+yzlOrQq+WH2qQYChy7k/3Rs1gvuSDQ==","size":7}',
}
const PEM = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n'
const LAST = '0dcc2b645c00dfa2338e1c7ac2c4b570beda5a476d58836e55e28bde55e6bee1'
const LEAVES: [number, string, string[]][] = [
  [0, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', ['9d1843c1a24a654a39ff3448714bc9fe69da0170fa390b1ac67047377ba72f0e', '22e77bd10c45b92713c2c3999e93334c6eb440905c65c1203a8361c2a91f0b83', '8da0dadfa0aaea7d9f4cd621d80cfbda617c8d13798abb8c3854351059e33be0']],
  [4, 'e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71', ['d43e0bc415d9fa5bd12e23ca3a797ee65a1aefc3abfcaf8c7c508341c4046536', 'f00d6bcebbc5b0e3f18e3d219c0cbd80d08edd7de43b388f18196257ae4f1b8a', LAST]],
  [6, '67586e98fad27da0b9968bc039a1ef34c939b9b8e523a8bef89d478608c5ecf6', ['8759d0890547f39383841b565fe658d0c99a2d76589fe804c4b4060f6dd500b8', LAST]],
]

function proofOf([leaf_no, event_hash, path]: [number, string, string[]], change: Partial<Proof> = {}): Proof {
  return { case_id: 'c', seq: 1, event_hash, leaf_no, path, checkpoint: CHECKPOINT, public_key_pem: PEM, ...change }
}
const [, FIFTH = LEAVES[0] as [number, string, string[]]] = LEAVES

describe('a proof, computed once more', () => {
  it.each(LEAVES)('leads leaf %i to the signed root', async (...leaf) => {
    expect(await check(proofOf(leaf))).toEqual({ path: 'holds', signature: 'holds' })
  })

  it('breaks with another event, another leaf, a path that is too long or too short', async () => {
    for (const change of [{ event_hash: FIFTH[1].replace('e5', 'e6') }, { leaf_no: 5 }, { path: [...FIFTH[2], LAST] }, { path: FIFTH[2].slice(1) }]) {
      expect((await check(proofOf(FIFTH, change))).path).toBe('broken')
    }
    expect(await rootOf(7, 7, FIFTH[1], [])).toBeNull()
  })

  it('breaks where the signed line says something else, or another key signed it', async () => {
    const line = CHECKPOINT.line.replace('"no":3', '"no":4')
    expect((await check(proofOf(FIFTH, { checkpoint: { ...CHECKPOINT, line } }))).signature).toBe('broken')
    expect((await check(proofOf(FIFTH, { checkpoint: { ...CHECKPOINT, no: 4, line } }))).signature).toBe('broken')
    const other = PEM.replace('A6EHv', 'A6EHw')
    expect((await check(proofOf(FIFTH, { public_key_pem: other }))).signature).not.toBe('holds')
  })

  it('says where a browser cannot compute it', async () => {
    const kept = globalThis.crypto
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true })
    try {
      expect(await check(proofOf(FIFTH))).toEqual({ path: 'unable', signature: 'unable' })
    } finally {
      Object.defineProperty(globalThis, 'crypto', { value: kept, configurable: true })
    }
  })
})
