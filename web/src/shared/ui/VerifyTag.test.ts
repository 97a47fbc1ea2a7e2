import { render } from '@testing-library/vue'
import { expect, it } from 'vitest'

import { i18n } from '@/shared/i18n'

import VerifyTag from './VerifyTag.vue'

it('names a shipped source in the language of the page', () => {
  const view = render(VerifyTag, { props: { version: 'v1', source: 'Platform default: a drill asks everybody' }, global: { plugins: [i18n] } })
  expect(view.getByText(/待核实/).getAttribute('title')).toBe('规则尚未经临床负责人核实 · v1 · 平台默认')
})
