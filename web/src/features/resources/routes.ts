import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    {
      path: '/resources',
      name: 'resources',
      component: () => import('./pages/ResourcesPage.vue'),
      meta: { title: 'resources.title' },
    },
    {
      path: '/resources/blood',
      name: 'resource-blood',
      component: () => import('./pages/BloodPage.vue'),
      meta: { title: 'blood.title' },
    },
    {
      path: '/resources/vehicles',
      name: 'resource-vehicles',
      component: () => import('./pages/VehiclesPage.vue'),
      meta: { title: 'resources.vehicles.title' },
    },
  ],
  nav: [
    {
      to: 'resources',
      label: 'resources.nav',
      mark: '▦',
      roles: ['referring_clinician', 'expert', 'coordinator', 'duty_desk', 'crew', 'commission', 'system_admin'],
      order: 35,
      phone: true,
    },
  ],
}
