import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it } from 'vitest'
import { effectScope } from 'vue'

import { useSession } from '@/shared/session'
import { waitingGets } from '@/testing/gets'
import { aMe } from '@/testing/page'

import { aCalendar, aPlanOut, aShift } from './fixtures'
import { usePlan } from './usePlan'

const scope = effectScope()
afterEach(() => scope.stop())

it('keeps the newest calendar, though one that was asked for before comes after it', async () => {
  setActivePinia(createPinia())
  useSession().accept(aMe(['coordinator']))
  const gets = waitingGets()
  const next = (path: string) => gets.splice(gets.findIndex((one) => one.path === path), 1)[0]
  const plan = scope.run(() => usePlan('plan1')) as ReturnType<typeof usePlan>
  void plan.refresh()
  for (let asked = 0; asked < 2; asked += 1) await next('/api/duty/plans/plan1')?.answer(aPlanOut())
  const slow = next('/api/duty/calendar')
  await next('/api/duty/calendar')?.answer(aCalendar({ shifts: [aShift({ draft: true })] }))
  await next('/api/duty/candidates')?.answer([])
  await slow?.answer(aCalendar({ shifts: [] }))
  await next('/api/duty/candidates')?.answer([])
  expect(plan.calendar.value?.shifts).toHaveLength(1)
})
