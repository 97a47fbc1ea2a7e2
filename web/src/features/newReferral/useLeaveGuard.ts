/** Asks before a page with unsent input is left, by link, by back button or by closing the tab. */
import { type Ref, onBeforeUnmount, onMounted, ref } from 'vue'
import { type RouteLocationNormalized, onBeforeRouteLeave, useRouter } from 'vue-router'

export interface LeaveGuard {
  asking: Ref<boolean>
  stay(): void
  leave(): void
}

export function useLeaveGuard(unsent: () => boolean): LeaveGuard {
  const router = useRouter()
  const asking = ref(false)
  let goal: RouteLocationNormalized | null = null
  let agreed = false

  onBeforeRouteLeave((to) => {
    // After a lost session the login must come up at once; the draft is there afterwards.
    if (agreed || !unsent() || to.meta.open) return true
    goal = to
    asking.value = true
    return false
  })

  function onUnload(event: BeforeUnloadEvent): void {
    if (!unsent()) return
    event.preventDefault()
    event.returnValue = ''
  }
  onMounted(() => window.addEventListener('beforeunload', onUnload))
  onBeforeUnmount(() => window.removeEventListener('beforeunload', onUnload))

  return {
    asking,
    stay() {
      asking.value = false
      goal = null
    },
    leave() {
      agreed = true
      asking.value = false
      void router.push(goal?.fullPath ?? '/')
    },
  }
}
