/** This browser as a contact point: asks for permission and subscribes. */

export type PushSupport = 'ready' | 'denied' | 'unsupported'

export function pushSupport(): PushSupport {
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return 'unsupported'
  return Notification.permission === 'denied' ? 'denied' : 'ready'
}

/** The subscription as JSON; null if the person or the browser said no. Call from a click. */
export async function subscribe(pushKey: string): Promise<string | null> {
  if (pushSupport() !== 'ready' || (await Notification.requestPermission()) !== 'granted') return null
  await navigator.serviceWorker.register('/sw.js', { scope: '/' })
  const registration = await navigator.serviceWorker.ready
  try {
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: raw(pushKey) })
    return JSON.stringify(made.toJSON())
  } catch {
    // No push service (an intranet without one, or a browser built without): said on the page.
    return null
  }
}

function raw(key: string): Uint8Array<ArrayBuffer> {
  const plain = atob(key.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0))
}
