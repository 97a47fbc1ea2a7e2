import { describe, expect, it } from 'vitest'

import { sourceText } from './source'

describe('the source of a rule', () => {
  it.each([
    ['Platform default: 5/10/15 min', 'en', 'P: 5/10/15 min'],
    ['Platform default: 5/10/15 min', 'zh-CN', 'P：5/10/15 min'],
    ['Platform default: a drill asks everybody', 'en', 'P: a drill asks everybody'],
    ['Platform default: a drill asks everybody', 'zh-CN', 'P'],
    ['Platform default：夜间×1.5', 'zh-CN', 'P：夜间×1.5'],
    ['Platform default：夜间×1.5', 'en', 'P'],
    ['Platform default', 'en', 'P'],
    ['本院规定 3 号', 'en', '本院规定 3 号'],
  ] as const)('%s in %s', (source, lang, said) => {
    expect(sourceText(source, lang, 'P')).toBe(said)
  })
})
