/** Lets a page open without a network: a service worker that holds the files of its scope. */

/** True once everything is held; false where it cannot be (old browser, plain http, no room). */
export async function stayAvailable(scope: '/' | '/crew'): Promise<boolean> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return false
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', { scope })
    const worker = await atWork(registration)
    const answer = new MessageChannel()
    const kept = new Promise<boolean>((resolve) => {
      answer.port1.onmessage = (event: MessageEvent<unknown>) => resolve(event.data === true)
    })
    worker.postMessage({ keep: filesInUse() }, [answer.port2])
    return await kept
  } catch {
    // Without one the page works while it is open; entries are kept all the same.
    return false
  }
}

/** `ready` is about the worker of this page's own address, which may be another scope's. */
function atWork(registration: ServiceWorkerRegistration): Promise<ServiceWorker> {
  if (registration.active !== null) return Promise.resolve(registration.active)
  const coming = registration.installing ?? registration.waiting
  return new Promise((resolve, reject) => {
    coming?.addEventListener('statechange', () => {
      if (registration.active !== null) resolve(registration.active)
      else if (coming.state === 'redundant') reject(new Error('the worker was not installed'))
    })
  })
}

/** Every script, style and font that this page has loaded or named: what it needs to open again. */
function filesInUse(): string[] {
  const loaded = performance.getEntriesByType('resource').map((entry) => entry.name)
  const named = [...document.querySelectorAll('script[src], link[rel="stylesheet"], link[rel="modulepreload"]')].map(
    (element) => element.getAttribute('src') ?? element.getAttribute('href') ?? '',
  )
  const paths = [...loaded, ...named].map((name) => new URL(name, location.href).pathname)
  return [...new Set(paths.filter((path) => path.startsWith('/assets/')))]
}
