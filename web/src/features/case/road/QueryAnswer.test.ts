import { fireEvent, render, screen } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { i18n } from '@/shared/i18n'

import { aReferral } from '../fixtures'
import { provideCase } from '../useCase'
import QueryAnswer from './QueryAnswer.vue'

async function asked(side: 'origin' | 'receiver') {
  setActivePinia(createPinia())
  const sent: unknown[] = []
  const referral = aReferral({ my_side: side })
  vi.spyOn(api, 'get').mockImplementation((path) => Promise.resolve(path.startsWith('/api/referrals/') ? referral : []))
  vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send: (body: unknown) => Promise.resolve((sent.push(body), referral)) } as never)
  const Host = defineComponent(() => {
    const { referral: loaded } = provideCase(referral.id)
    return () => (loaded.data.value === null ? null : h(QueryAnswer, { legId: 'leg-1' }))
  })
  render(Host, { global: { plugins: [i18n] } })
  const reason = await screen.findByRole('textbox')
  await fireEvent.update(reason, '堵车')
  return { sent, version: referral.version }
}

it('lets the receiver say that she is not here', async () => {
  const { sent, version } = await asked('receiver')
  await fireEvent.click(screen.getByRole('button'))
  expect(sent).toEqual([{ version, answer: 'not_here', reason: '堵车' }])
})

it('takes from the senders until when she is delayed', async () => {
  const { sent } = await asked('origin')
  expect(screen.getByRole('button').hasAttribute('disabled')).toBe(true)
  await fireEvent.update(screen.getByRole('spinbutton'), '20')
  await fireEvent.click(screen.getByRole('button'))
  expect(sent).toMatchObject([{ answer: 'delayed', reason: '堵车' }])
})
