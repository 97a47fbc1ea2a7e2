import { expect, it } from 'vitest'

import type { CrewNow, Given } from '@/api/crew'

import { documentNames, givenText, logOf } from './log'

const drug = { at: '2026-11-22T03:05:00Z', code: 'oxytocin', zh: '缩宫素', en: 'Oxytocin', dose: 10, unit: 'U', route: 'im', note: null, on_the_way: true } satisfies Given

it('tells the journey newest first; a birth is the child', () => {
  const now = {
    entries: [
      { at: '2026-11-22T03:01:00Z', kind: 'depart' },
      { at: '2026-11-22T03:07:00Z', kind: 'birth' },
    ],
    given: [drug, { ...drug, on_the_way: false }],
    children: [{ birth_order: 1, born_at: '2026-11-22T03:07:00Z' }],
  } as unknown as CrewNow
  expect(logOf(now).map((line) => line.kind)).toEqual(['child', 'given', 'entry'])
})

it('words a drug and the documents on board', () => {
  const word = (key: string, code: string) => (key === 'dossier.route.im' ? '肌注' : code)
  expect(givenText(drug, 'zh-CN', word)).toBe('缩宫素 10 U 肌注')
  const items = [{ code: 'a', zh: '转诊单', en: 'Form', source: '', confidence: 'S' as const }]
  expect(documentNames(items, ['a', 'b'], 'en')).toEqual(['Form'])
})
