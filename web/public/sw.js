/*
 * Service worker: lets a page open again when nothing answers. Registered once for the application
 * (scope /) and once for the crew's page (scope /crew); each holds the files of its own scope.
 *
 * Assets carry their content's hash in their names, so a cached one is never stale. The shell
 * (the page itself, without data) is taken from the network and, when that does not answer in
 * time, from the cache. The page says which files it runs on; whatever it did not name is an older
 * build's and is dropped together with that build's shell.
 *
 * Of all answers of the API one is stored: the phone book, because it is for when nothing answers.
 * It says itself how old it is; people's numbers leave it with the session (shared/phones/held.ts).
 */
importScripts('/push.js')

const SHELL = new URL(self.registration.scope).pathname
const CACHE = SHELL === '/crew' ? 'ys-crew' : 'ys-app'
const PHONES = 'ys-phones'
const BOOK = '/api/duty/phone-book'
const ICON = '/favicon.svg'
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
  if (url.pathname === BOOK) event.respondWith(book(event.request))
  // A document opened in a tab of its own comes from the API and is no page of ours.
  else if (url.pathname.startsWith('/api/')) return
  else if (event.request.mode === 'navigate') event.respondWith(shell(event.request))
  else if (url.pathname.startsWith('/assets/') || url.pathname === ICON) event.respondWith(asset(event.request))
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
  for (const file of [...files, ICON]) if (!(await cache.match(file))) await cache.add(file)
  await cache.put(SHELL, page)
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname
    if (path !== SHELL && path !== ICON && !files.includes(path)) await cache.delete(request)
  }
  return true
}

async function shell(request) {
  const cached = await (await caches.open(CACHE)).match(SHELL)
  if (!cached) return fetch(request)
  const late = new Promise((resolve) => setTimeout(() => resolve(cached), PATIENCE_MS))
  const fresh = fetch(request).then((page) => (page.ok ? page : cached), () => cached)
  return Promise.race([fresh, late])
}

async function asset(request) {
  return (await caches.match(request)) ?? fetch(request)
}

async function book(request) {
  const cache = await caches.open(PHONES)
  const held = await cache.match(BOOK)
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok) await cache.put(BOOK, answer.clone())
    return answer.status >= 500 && held ? held : answer
  })
  if (!held) return fresh
  const late = new Promise((resolve) => setTimeout(() => resolve(held.clone()), PATIENCE_MS))
  return Promise.race([fresh.catch(() => held), late])
}
