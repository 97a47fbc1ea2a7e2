import { describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'

import { renderPage } from '@/testing/page'

import { anOffer, aReferral } from '../fixtures'
import { provideCase } from '../useCase'
import OfferList from './OfferList.vue'

/** The page's clock stands at 03:07:41. */
const soon = '2026-11-22T03:33:00Z'
const hold = { id: 'h1', offer_id: 'offer1', facility: anOffer().facility, kind: 'neonatal_cot', quantity: 2, state: 'held', label: 'NICU 7', note: null, requested_at: soon, held_at: soon, expires_at: soon, due_at: soon }

function show(referral: ReturnType<typeof aReferral>) {
  const page = defineComponent({
    setup() {
      const { referral: live } = provideCase('c1')
      return () => (live.data.value === null ? h('p', '…') : h(OfferList))
    },
  })
  return renderPage(page, { path: '/x', answers: { '/api/referrals/c1': referral, '/api/cases/c1/pages': [] } })
}

describe('units asked', () => {
  it('says which one gives only the cot, and that the mother goes elsewhere', async () => {
    const offers = [anOffer({ state: 'accepted', neonatal: 'elsewhere' }), anOffer({ id: 'offer2', purpose: 'neonatal', state: 'offered' })]
    const view = await show(aReferral({ offers, needs_neonatal: true }))
    expect((await view.findAllByText(/新生儿床位/)).length).toBeGreaterThan(0)
    expect(view.container.querySelectorAll('.cots')).toHaveLength(1)
  })

  it('counts down what is kept, with how many', async () => {
    const view = await show(aReferral({ offers: [anOffer({ state: 'accepted' })], holds: [hold as never] }))
    expect(await view.findByText(/×2/)).toBeTruthy()
    expect(view.getByText(/25:\d\d/)).toBeTruthy()
  })

  it('shows no countdown once it is used or released', async () => {
    const view = await show(aReferral({ offers: [anOffer({ state: 'accepted' })], holds: [{ ...hold, state: 'used' } as never] }))
    await view.findByText(/×2/)
    expect(view.queryByText(/25:\d\d/)).toBeNull()
  })
})
