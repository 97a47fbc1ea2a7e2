/** This page's one connection to the CTG gateway, made when the first strip is shown. */
import { WatchClient } from '@/stream/watch'

import { useSession } from './session'

let client: WatchClient | null = null
let clientUrl = ''

export function gatewayWatch(): WatchClient {
  const url = watchUrl(useSession().me?.gateway_url ?? '')
  if (client === null || clientUrl !== url) {
    client?.dispose()
    client = new WatchClient({ url })
    clientUrl = url
  }
  return client
}

const LOOPBACK = new Set(['localhost', '127.0.0.1'])

/** Absolute address of the watch socket. */
export function watchUrl(gatewayUrl: string, at: Pick<Location, 'href' | 'hostname'> = location): string {
  const url = new URL(gatewayUrl === '' ? '/' : gatewayUrl, at.href)
  url.protocol = url.protocol.replace('http', 'ws')
  // The session cookie belongs to the name in the address bar: localhost is not 127.0.0.1.
  if (LOOPBACK.has(url.hostname) && LOOPBACK.has(at.hostname)) url.hostname = at.hostname
  url.pathname = `${url.pathname.replace(/\/$/, '')}/ctg/watch`
  return url.href
}
