/*
 * Service worker of the crew's page, and of nothing else (scope /crew).
 *
 * Assets carry their content's hash in their names, so a cached one is never stale. The shell
 * (the page itself, without data) is taken from the network and, when that does not answer in
 * time, from the cache. The page says which files it runs on; whatever it did not name is an older
 * build's and is dropped together with that build's shell. Answers of the API are never stored.
 */
const CACHE = 'ys-crew'
const SHELL = '/crew'
const PATIENCE_MS = 3000

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('message', (event) => {
  if (!Array.isArray(event.data?.keep)) return
  const answer = (kept) => event.ports[0]?.postMessage(kept)
  event.waitUntil(keep(event.data.keep).then(answer, () => answer(false)))
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  if (event.request.mode === 'navigate') event.respondWith(shell(event.request))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(event.request))
})

async function keep(files) {
  const cache = await caches.open(CACHE)
  const page = await fetch(SHELL, { cache: 'no-cache' }).catch(() => null)
  if (page === null) {
    const held = await Promise.all([SHELL, ...files].map((file) => cache.match(file)))
    return held.every((found) => found !== undefined)
  }
  const html = await page.clone().text()
  const named = html.match(/\/assets\/[^"']+/g) ?? []
  // A newer build has been installed meanwhile: its own page will say what it needs.
  if (!page.ok || !named.every((file) => files.includes(file))) return false
  for (const file of files) if (!(await cache.match(file))) await cache.add(file)
  await cache.put(SHELL, page)
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname
    if (path !== SHELL && !files.includes(path)) await cache.delete(request)
  }
  return true
}

async function shell(request) {
  const cached = await caches.match(SHELL)
  if (!cached) return fetch(request)
  const late = new Promise((resolve) => setTimeout(() => resolve(cached), PATIENCE_MS))
  const fresh = fetch(request).then((page) => (page.ok ? page : cached), () => cached)
  return Promise.race([fresh, late])
}

async function asset(request) {
  return (await caches.match(request)) ?? fetch(request)
}
