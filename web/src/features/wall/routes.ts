import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/wall',
      name: 'wall',
      component: () => import('./pages/WallPage.vue'),
      meta: { bare: true, title: 'wall.title' },
    },
  ],
  nav: [
    {
      to: 'wall',
      group: 'ctg',
      label: 'wall.nav',
      mark: '∿',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 15,
      phone: false,
    },
  ],
}
