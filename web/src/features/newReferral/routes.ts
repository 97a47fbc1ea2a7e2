import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/referrals/new',
      name: 'new-referral',
      component: () => import('./pages/NewReferralPage.vue'),
      meta: { title: 'new_referral.title' },
    },
  ],
  nav: [
    {
      to: 'new-referral',
      label: 'new_referral.nav',
      mark: '＋',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 20,
      phone: true,
    },
  ],
}
