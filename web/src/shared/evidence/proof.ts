/** An inclusion proof, computed once more where it is read: from the event's hash to the signed root (RFC 9162 §2.1.3.2). */
import type { Proof } from '@/api/course'

/** `unable`: this browser cannot compute it (no secure connection, or no Ed25519). */
export type Verdict = 'holds' | 'broken' | 'unable'

export interface Checked {
  /** Whether the path leads from the event to the root. */
  path: Verdict
  /** Whether the root was signed with the key of the log. */
  signature: Verdict
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function hexOf(buffer: ArrayBuffer): string {
  return [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, '0')).join('')
}

async function hashed(prefix: number, ...parts: string[]): Promise<string> {
  return hexOf(await crypto.subtle.digest('SHA-256', Uint8Array.from([prefix, ...parts.flatMap((one) => [...bytes(one)])])))
}

/** The root that a path leads to; null where it cannot fit. */
export async function rootOf(leafNo: number, size: number, eventHash: string, path: readonly string[]): Promise<string | null> {
  if (leafNo < 0 || leafNo >= size) return null
  let [at, last, root] = [leafNo, size - 1, await hashed(0, eventHash)]
  const up = (): void => {
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  for (const sibling of path) {
    if (last === 0) return null
    if (at % 2 === 1 || at === last) {
      root = await hashed(1, sibling, root)
      while (at % 2 === 0 && at > 0) up()
    } else {
      root = await hashed(1, root, sibling)
    }
    up()
  }
  return last === 0 ? root : null
}

async function pathOf(proof: Proof): Promise<Verdict> {
  const { checkpoint, leaf_no: leaf } = proof
  if (checkpoint === null || leaf === null) return 'broken'
  return (await rootOf(leaf, checkpoint.size, proof.event_hash, proof.path)) === checkpoint.root ? 'holds' : 'broken'
}

/** The signature is over the line without it, and the line must say what the proof says. */
async function signatureOf(proof: Proof): Promise<Verdict> {
  const { checkpoint, public_key_pem: pem } = proof
  if (checkpoint === null || pem === null) return 'broken'
  const { signature, ...said } = JSON.parse(checkpoint.line) as Record<string, string | number>
  if (said['root'] !== checkpoint.root || said['size'] !== checkpoint.size || said['no'] !== checkpoint.no) return 'broken'
  const decoded = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
  const body = new TextEncoder().encode(JSON.stringify(Object.fromEntries(Object.entries(said).sort(([a], [b]) => (a < b ? -1 : 1)))))
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('spki', decoded(pem.replace(/-----[^-]+-----|\s/g, '')), 'Ed25519', false, ['verify'])
  } catch {
    return 'unable'
  }
  return (await crypto.subtle.verify('Ed25519', key, decoded(String(signature)), body)) ? 'holds' : 'broken'
}

/** Both, each by itself. */
export async function check(proof: Proof): Promise<Checked> {
  if (globalThis.crypto?.subtle === undefined) return { path: 'unable', signature: 'unable' }
  return { path: await pathOf(proof), signature: await signatureOf(proof) }
}
