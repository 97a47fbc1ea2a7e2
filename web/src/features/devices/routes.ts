import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/ctg/unbound',
      name: 'ctg-tray',
      component: () => import('./pages/TrayPage.vue'),
      meta: { title: 'monitors.tray.title' },
    },
    {
      path: '/ctg/devices',
      name: 'ctg-devices',
      component: () => import('./pages/DevicesPage.vue'),
      meta: { title: 'monitors.title' },
    },
  ],
  nav: [
    {
      to: 'ctg-tray',
      group: 'ctg',
      label: 'monitors.tray.nav',
      mark: '⌁',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk'],
      order: 16,
      phone: false,
    },
    {
      to: 'ctg-devices',
      group: 'ctg',
      label: 'monitors.nav',
      mark: '▤',
      roles: ['coordinator', 'system_admin'],
      order: 72,
      phone: false,
    },
  ],
}
