/** Lets the crew's page open without a network: a service worker that holds this page's files. */

/** True once everything is held; false where it cannot be (old browser, plain http, no room). */
export async function stayAvailable(): Promise<boolean> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return false
  try {
    await navigator.serviceWorker.register('/sw.js', { scope: '/crew' })
    const worker = (await navigator.serviceWorker.ready).active
    if (worker === null) return false
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

/** Every script, style and font that this page has loaded or named: what it needs to open again. */
function filesInUse(): string[] {
  const loaded = performance.getEntriesByType('resource').map((entry) => entry.name)
  const named = [...document.querySelectorAll('script[src], link[rel="stylesheet"], link[rel="modulepreload"]')].map(
    (element) => element.getAttribute('src') ?? element.getAttribute('href') ?? '',
  )
  const paths = [...loaded, ...named].map((name) => new URL(name, location.href).pathname)
  return [...new Set(paths.filter((path) => path.startsWith('/assets/')))]
}
