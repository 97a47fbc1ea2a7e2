import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/consults/:id/room', name: 'room', component: () => import('./pages/RoomPage.vue'), meta: { title: 'rooms.title' } },
  ],
  nav: [],
}
