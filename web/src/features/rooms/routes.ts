import type { Feature } from '@/shared/navigation'

export const feature: Feature = {
  routes: [
    { path: '/consults/:id/room', name: 'room', component: () => import('./pages/RoomPage.vue'), meta: { title: 'rooms.title' } },
    { path: '/consults/:id/recordings', name: 'recordings', component: () => import('./pages/RecordingsPage.vue'), meta: { title: 'recordings.list' } },
    {
      path: '/guest',
      name: 'guest',
      component: () => import('./pages/GuestPage.vue'),
      // The link is the login, and nobody is called: no session is asked for, no menu leads here.
      meta: { title: 'rooms.guest.title', open: true, bare: true },
    },
  ],
  nav: [],
}
