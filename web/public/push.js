/*
 * Pages that reach a browser with no page open. A push says level and case number and nothing of a
 * patient. Touching it opens the answering page; answering is a button there, never the touch itself.
 */
const PUSH_TAG = 'yunshang-page-'

self.addEventListener('push', (event) => {
  const said = read(event.data)
  if (said === null) return
  // A browser that shows nothing for a push takes the permission away: every push is shown.
  event.waitUntil(Promise.all([show(said), tell(said)]))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data?.path ?? '/'))
})

function read(data) {
  try {
    const said = data?.json()
    return typeof said?.title === 'string' ? said : null
  } catch {
    return null
  }
}

function show(said) {
  const page = typeof said.page_id === 'string' && /^[0-9a-f-]{36}$/.test(said.page_id)
  return self.registration.showNotification(said.title, {
    body: said.body ?? '',
    // The same page again replaces its notification and rings again.
    tag: PUSH_TAG + (page ? said.page_id : (said.message_id ?? '')),
    renotify: true,
    requireInteraction: page,
    icon: '/favicon.svg',
    vibrate: [600, 200, 600, 200, 600],
    data: { path: page ? `/answer/${said.page_id}` : '/contacts' },
  })
}

/** Pages that are open take the code of a new subscription by themselves. */
async function tell(said) {
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  for (const client of open) client.postMessage({ push: said.purpose, code: said.code ?? '' })
}

async function open(path) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const there = windows.find((client) => new URL(client.url).pathname === path)
  if (there !== undefined) return forward(there)
  // An open page goes there by itself and keeps what was typed; one that does not answer stays.
  for (const client of windows) if (await asked(client, path)) return forward(client)
  return self.clients.openWindow(path)
}

/** A browser may refuse to bring a window to the front; it is on its page all the same. */
function forward(client) {
  return client.focus().catch(() => client)
}

function asked(client, path) {
  return new Promise((resolve) => {
    const answer = new MessageChannel()
    answer.port1.onmessage = () => resolve(true)
    setTimeout(() => resolve(false), 500)
    client.postMessage({ open: path }, [answer.port2])
  })
}
