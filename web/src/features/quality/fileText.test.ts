import { describe, expect, it } from 'vitest'

import { template, textOf } from './fileText'

describe('text of files', () => {
  it.each([
    ['UTF-8', [0xe5, 0xad, 0x95, 0xe5, 0x91, 0xa8]],
    ['GB 18030, as Excel writes it in China', [0xd4, 0xd0, 0xd6, 0xdc]],
  ])('is read from %s', async (_, bytes) => {
    expect(await textOf(new Blob([new Uint8Array(bytes)]))).toBe('孕周')
  })

  it('comes with its headings and nothing else', async () => {
    expect((await textOf(template(['病案号', '孕周']))).replace('\ufeff', '')).toBe('病案号,孕周\r\n')
  })
})
