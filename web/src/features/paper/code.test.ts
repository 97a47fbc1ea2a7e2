import { describe, expect, it } from 'vitest'

import { fromHash, grouped } from './code'
import { sha256 } from './digest'

describe('codes', () => {
  it('stand in fours however they were typed', () => {
    expect(grouped('0123 4567-89abcdef')).toBe('0123-4567-89AB-CDEF')
    expect(grouped('')).toBe('')
  })

  it('are read from a scanned address, and nothing else is', () => {
    expect(fromHash('#0123456789ABCDEF')).toBe('0123-4567-89AB-CDEF')
    expect(fromHash('#<img src=x>')).toBe('')
    expect(fromHash('')).toBe('')
  })

  it('a file is hashed here', async () => {
    const file = new Blob([new TextEncoder().encode('abc')])
    if (file.arrayBuffer === undefined) return
    expect(await sha256(file)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
